package io.kelpie.controller.model;

import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a VM asks of its host: the part of a job's template that placement looks at.
 *
 * @param vcpus virtual CPUs
 * @param guestMemoryMib the guest's memory, without QEMU's own, in MiB
 * @param hugepages the pages that the guest's memory is made of; empty: ordinary ones
 * @param numaNodes how many NUMA nodes of the host share its vCPUs and memory evenly; 0: it does not matter
 * @param poolMib space asked of each pool, in MiB
 * @param devices how many devices of each kind
 * @param keepsDisks whether any disk outlives instances
 * @param acceleration the accelerator
 * @param paging the paging mode under KVM
 * @param cpuModel the named CPU model that the host must be able to run; empty: whatever the host has
 * @param driver the driver asked for; empty: any but {@link DriverKind#FAKE}
 * @param images digests of the images that it starts from, as far as the job names them
 */
public record VmShape(
        int vcpus,
        long guestMemoryMib,
        Optional<PageSize> hugepages,
        int numaNodes,
        SortedMap<String, Long> poolMib,
        SortedMap<String, Integer> devices,
        boolean keepsDisks,
        AccelerationMode acceleration,
        PagingRequirement paging,
        Optional<String> cpuModel,
        Optional<DriverKind> driver,
        Set<String> images) {
    public VmShape {
        poolMib = Collections.unmodifiableSortedMap(new TreeMap<>(poolMib));
        devices = Collections.unmodifiableSortedMap(new TreeMap<>(devices));
        images = Set.copyOf(images);
    }
}
