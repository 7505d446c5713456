/** Benchmarks against the real programs: main classes, run by {@code ./dev bench NAME}; the last line is JSON. */
package io.kelpie.it.benchmark;
