package io.kelpie.agent.driver;

/**
 * Whether a driver can work on this host.
 *
 * @param usable whether it can run VMs now
 * @param version of the hypervisor or its manager; empty if not known
 * @param reason what it cannot do, and why: run VMs, or leased ones; empty if it can do both
 * @param canLease whether it takes a spec with a {@link LeaseBond}: each of its hypervisors has a guard that ends it in
 *     time, whatever becomes of the agent. Not before it is {@code usable}.
 */
public record DriverFingerprint(boolean usable, String version, String reason, boolean canLease) {
    /** A driver that runs all instances, leased ones too. */
    public static DriverFingerprint good(String version) {
        return new DriverFingerprint(true, version, "", true);
    }

    /** A driver that runs instances, but no leased ones. */
    public static DriverFingerprint withoutLeases(String version, String reason) {
        return new DriverFingerprint(true, version, reason, false);
    }

    /** A driver that runs nothing on this host. */
    public static DriverFingerprint unusable(String version, String reason) {
        return new DriverFingerprint(false, version, reason, false);
    }
}
