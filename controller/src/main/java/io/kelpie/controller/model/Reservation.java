package io.kelpie.controller.model;

import io.kelpie.common.resources.QemuOverhead;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an instance holds of its host.
 *
 * @param vcpus virtual CPUs
 * @param memoryMib memory including QEMU's own, in MiB
 * @param poolMib space in each pool, in MiB
 */
public record Reservation(int vcpus, long memoryMib, SortedMap<String, Long> poolMib) {
    public Reservation {
        poolMib = Collections.unmodifiableSortedMap(new TreeMap<>(poolMib));
    }

    /** What a VM of the shape holds. */
    public static Reservation of(VmShape shape) {
        return new Reservation(
                shape.vcpus(), QemuOverhead.memoryMib(shape.guestMemoryMib(), shape.vcpus()), shape.poolMib());
    }
}
