package io.kelpie.controller.replay;

/**
 * How full the pool is at one instant.
 *
 * @param arrived VMs that have arrived so far, rejected ones too
 * @param timeMillis of the last arrival
 * @param vms placed now
 * @param vcpus that they take
 * @param memoryMib that they take, with QEMU's own if the rules count it
 * @param hosts that carry at least one of them
 */
public record Usage(int arrived, long timeMillis, int vms, long vcpus, long memoryMib, int hosts) {}
