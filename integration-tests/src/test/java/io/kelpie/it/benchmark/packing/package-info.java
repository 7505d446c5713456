/** How tightly engines pack: traces, strategies and bounds that no packing can beat. */
package io.kelpie.it.benchmark.packing;
