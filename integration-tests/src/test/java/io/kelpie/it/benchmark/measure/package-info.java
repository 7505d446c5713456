/** What all benchmarks need: arguments, medians, the machine's conditions, a line of JSON. */
package io.kelpie.it.benchmark.measure;
