package io.kelpie.controller.scheduling.engine;

/**
 * What a host has too little of, beside what is kept there.
 *
 * @param of what it is, with its unit, e.g. {@code MiB in pool default}
 * @param asked how much of it is asked for
 * @param room how much is free and not kept, 0 or more
 * @param free how much is free, 0 or more
 */
public record Shortage(String of, long asked, long room, long free) {}
