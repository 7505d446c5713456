/** Peers of Kelpie's placement engine, which work on the same jobs as far as they can express them. */
package io.kelpie.it.benchmark.peer;
