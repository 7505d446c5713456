package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.Taint;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a host is, however full: hosts that do not differ in what a request looks at are judged once for all.
 *
 * @param labels its labels
 * @param ready whether the leader hears it
 * @param cordoned whether new VMs are kept away
 * @param draining whether its VMs are being moved away
 * @param taints what its VMs have to tolerate
 * @param kvmVerified whether a guest was booted under KVM
 * @param pagingMode how it translates guest addresses under KVM
 * @param cpuModels named CPU models that it can run
 * @param drivers drivers that are usable now
 */
public record HostTraits(
        SortedMap<String, String> labels,
        boolean ready,
        boolean cordoned,
        boolean draining,
        List<Taint> taints,
        boolean kvmVerified,
        PagingMode pagingMode,
        Set<String> cpuModels,
        Set<DriverKind> drivers) {
    public HostTraits {
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
        taints = List.copyOf(taints);
        cpuModels = Set.copyOf(cpuModels);
        drivers = drivers.isEmpty() ? Set.of() : Collections.unmodifiableSet(EnumSet.copyOf(drivers));
    }
}
