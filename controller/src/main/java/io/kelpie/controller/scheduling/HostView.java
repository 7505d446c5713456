package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A host as placement sees it.
 *
 * @param id the host's UUID
 * @param name for messages
 * @param labels its labels
 * @param cordoned whether new VMs are kept away
 * @param ready whether the leader hears it
 * @param cpus logical CPUs
 * @param memoryMib memory for VMs, in MiB
 * @param pools size of each pool, in MiB
 * @param kvmVerified whether a guest was booted under KVM
 * @param pagingMode how it translates guest addresses under KVM
 * @param drivers drivers that are usable now
 * @param usedVcpus vCPUs held by instances
 * @param usedMemoryMib memory held by instances, in MiB
 * @param usedPoolMib space held in each pool, in MiB
 */
public record HostView(
        String id,
        String name,
        SortedMap<String, String> labels,
        boolean cordoned,
        boolean ready,
        int cpus,
        long memoryMib,
        SortedMap<String, Long> pools,
        boolean kvmVerified,
        PagingMode pagingMode,
        Set<DriverKind> drivers,
        int usedVcpus,
        long usedMemoryMib,
        SortedMap<String, Long> usedPoolMib) {
    public HostView {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        pools = Collections.unmodifiableSortedMap(new TreeMap<>(pools));
        drivers = drivers.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(drivers));
        usedPoolMib = Collections.unmodifiableSortedMap(new TreeMap<>(usedPoolMib));
    }
}
