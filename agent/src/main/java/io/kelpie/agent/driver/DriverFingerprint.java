package io.kelpie.agent.driver;

/**
 * Whether a driver can work on this host.
 *
 * @param usable whether it can run VMs now
 * @param version of the hypervisor or its manager; empty if not known
 * @param reason why it is not usable; empty if it is
 */
public record DriverFingerprint(boolean usable, String version, String reason) {}
