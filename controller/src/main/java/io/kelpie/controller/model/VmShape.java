package io.kelpie.controller.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a VM asks of its host: the part of a job's template that placement looks at.
 *
 * @param vcpus virtual CPUs
 * @param guestMemoryMib the guest's memory, without QEMU's own, in MiB
 * @param poolMib space asked of each pool, in MiB
 * @param keepsDisks whether any disk outlives instances
 * @param acceleration the accelerator
 * @param paging the paging mode under KVM
 * @param driver the driver asked for; empty: any but {@link DriverKind#FAKE}
 * @param require labels that the host must have, all of them
 */
public record VmShape(
        int vcpus,
        long guestMemoryMib,
        SortedMap<String, Long> poolMib,
        boolean keepsDisks,
        AccelerationMode acceleration,
        PagingRequirement paging,
        Optional<DriverKind> driver,
        List<LabelRequirement> require) {
    public VmShape {
        poolMib = Collections.unmodifiableSortedMap(new TreeMap<>(poolMib));
        require = List.copyOf(require);
    }
}
