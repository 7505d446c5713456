package io.kelpie.agent.instance;

import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What matters of this host when an instance is started.
 *
 * @param drivers the enabled drivers
 * @param kvmVerified whether a guest has reached 64-bit mode under KVM
 * @param kvmDetail why not; empty if it has
 * @param hardwarePaging whether KVM translates guest addresses by EPT or NPT
 * @param cpus what CPUs guests can have
 */
public record HostStatus(
        Map<DriverKind, DriverFingerprint> drivers,
        boolean kvmVerified,
        String kvmDetail,
        boolean hardwarePaging,
        CpuSupport cpus) {
    public HostStatus {
        EnumMap<DriverKind, DriverFingerprint> copy = new EnumMap<>(DriverKind.class);
        copy.putAll(drivers);
        drivers = Collections.unmodifiableMap(copy);
    }
}
