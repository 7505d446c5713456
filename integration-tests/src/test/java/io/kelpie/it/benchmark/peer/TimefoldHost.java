package io.kelpie.it.benchmark.peer;

/**
 * A host that Timefold may choose.
 *
 * @param number of the host in the pool
 */
public record TimefoldHost(int number) {}
