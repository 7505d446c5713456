package io.kelpie.controller.api;

import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.GetCapacityRequest;
import java.util.HashSet;
import java.util.Set;

/** Refuses questions about VMs that no job could ask for, by the name of the field. Pure. */
final class CapacityValidator {
    private static final int MAX_LOST = 1_000;

    private CapacityValidator() {}

    /** @throws KelpieException naming the first field at fault */
    static void check(GetCapacityRequest request) {
        JobSpecValidator.range("vcpus", Integer.toUnsignedLong(request.getVcpus()), 1, JobSpecValidator.MAX_VCPUS, "");
        JobSpecValidator.range("memory_mib", request.getMemoryMib(), 1, JobSpecValidator.MAX_MEMORY_MIB, " MiB");
        JobSpecValidator.known("hugepages", request.getHugepages(), "none, 2Mi or 1Gi");
        JobSpecValidator.known("acceleration.mode", request.getAcceleration().getMode(), "kvm, tcg or any");
        JobSpecValidator.known("acceleration.paging", request.getAcceleration().getPaging(), "hardware or any");
        JobSpecValidator.known("driver", request.getDriver(), "auto, qemu, libvirt or fake");
        long nodes = Integer.toUnsignedLong(request.getNumaNodes());
        JobSpecValidator.range("numa_nodes", nodes, 0, HardwareValidator.MAX_NUMA_NODES, "");
        shares(request, (int) Math.max(1, nodes));
        devices(request);
        if (request.getLabelsCount() > JobSpecValidator.MAX_LABELS) {
            throw KelpieException.invalidField(
                    "labels",
                    "has " + request.getLabelsCount() + " labels, the limit is " + JobSpecValidator.MAX_LABELS,
                    "give fewer");
        }
        request.getLabelsMap().forEach((key, value) -> {
            JobSpecValidator.label("labels", key);
            JobSpecValidator.label("labels." + key, value);
        });
        JobSpecValidator.range("lose", Integer.toUnsignedLong(request.getLose()), 0, MAX_LOST, "");
        if (!request.getBy().isEmpty()) {
            JobSpecValidator.label("by", request.getBy());
        }
    }

    /** Every NUMA node of the guest has the same, in whole pages. */
    private static void shares(GetCapacityRequest request, int nodes) {
        if (request.getVcpus() % nodes != 0) {
            throw KelpieException.invalidField(
                    "vcpus",
                    request.getVcpus() + " cannot be divided evenly among " + nodes + " NUMA nodes",
                    "give a multiple of " + nodes);
        }
        long unit = nodes * HardwareValidator.pageMib(request.getHugepages());
        if (request.getMemoryMib() % unit != 0) {
            throw KelpieException.invalidField(
                    "memory_mib",
                    request.getMemoryMib() + " MiB is not a whole number of pages for each of " + nodes + " NUMA nodes",
                    "give a multiple of " + unit + " MiB");
        }
    }

    private static void devices(GetCapacityRequest request) {
        if (request.getDevicesCount() > HardwareValidator.MAX_DEVICE_KINDS) {
            throw KelpieException.invalidField(
                    "devices",
                    "has " + request.getDevicesCount() + " kinds, the limit is " + HardwareValidator.MAX_DEVICE_KINDS,
                    "give fewer");
        }
        Set<String> kinds = new HashSet<>();
        for (int i = 0; i < request.getDevicesCount(); i++) {
            DeviceRequest device = request.getDevices(i);
            String field = "devices[" + i + "]";
            JobSpecValidator.name(field + ".kind", device.getKind());
            JobSpecValidator.range(
                    field + ".count",
                    Integer.toUnsignedLong(device.getCount()),
                    1,
                    HardwareValidator.MAX_DEVICES_OF_KIND,
                    "");
            if (!kinds.add(device.getKind())) {
                throw KelpieException.invalidField(
                        field + ".kind", "'" + device.getKind() + "' stands twice", "add their counts up");
            }
        }
    }
}
