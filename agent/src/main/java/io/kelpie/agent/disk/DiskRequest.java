package io.kelpie.agent.disk;

import io.kelpie.agent.driver.LaunchSpec;

/**
 * A disk that an instance needs.
 *
 * @param name its name, valid by {@code Names} and unique in the VM; {@code root} for the root disk
 * @param sizeMib size that the guest sees, in MiB
 * @param bus how it is attached
 * @param pool name of its pool
 * @param keep true if it outlives instances
 */
public record DiskRequest(String name, long sizeMib, LaunchSpec.Bus bus, String pool, boolean keep) {}
