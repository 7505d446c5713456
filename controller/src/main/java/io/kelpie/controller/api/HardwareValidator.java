package io.kelpie.controller.api;

import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.VmTemplate;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Refuses a VM's hugepages, NUMA nodes, CPU and devices that no host could give, by the name of the field. An agent
 * puts the CPU's model into a hypervisor's options: nothing but a plain word passes here. Pure.
 */
final class HardwareValidator {
    static final int MAX_NUMA_NODES = 8;
    static final int MAX_DEVICE_KINDS = 16;
    static final int MAX_DEVICES_OF_KIND = 64;
    private static final Pattern CPU_MODEL = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9._]{0,62})");

    private HardwareValidator() {}

    /**
     * @param vm with vCPUs and memory that were checked
     * @throws KelpieException naming the first field at fault
     */
    static void check(VmTemplate vm) {
        JobSpecValidator.known("spec.vm.hugepages", vm.getHugepages(), "none, 2Mi or 1Gi");
        int nodes = 1;
        if (vm.hasNuma()) {
            nodes = vm.getNuma().getNodes();
            JobSpecValidator.range("spec.vm.numa.nodes", Integer.toUnsignedLong(nodes), 1, MAX_NUMA_NODES, "");
        }
        checkShares(vm, nodes);
        String model = vm.getCpu().getModel();
        if (!model.isEmpty() && !CPU_MODEL.matcher(model).matches()) {
            throw KelpieException.invalidField(
                    "spec.vm.cpu.model",
                    "'" + JobSpecValidator.printable(model) + "' is no CPU model",
                    "give host-model, host-passthrough, or a model that `kelpie describe host` lists");
        }
        devices(vm);
    }

    /** Every NUMA node of the guest has the same, in whole pages. */
    private static void checkShares(VmTemplate vm, int nodes) {
        if (vm.getVcpus() % nodes != 0) {
            throw KelpieException.invalidField(
                    "spec.vm.vcpus",
                    vm.getVcpus() + " cannot be divided evenly among " + nodes + " NUMA nodes",
                    "give a multiple of " + nodes);
        }
        long unit = nodes * pageMib(vm.getHugepages());
        if (vm.getMemoryMib() % unit != 0) {
            throw KelpieException.invalidField(
                    "spec.vm.memory",
                    vm.getMemoryMib() + " MiB is not a whole number of pages for each of " + nodes + " NUMA nodes",
                    "give a multiple of " + unit + " MiB");
        }
    }

    static long pageMib(Hugepages hugepages) {
        return switch (hugepages) {
            case HUGEPAGES_2MI -> 2;
            case HUGEPAGES_1GI -> 1024;
            case HUGEPAGES_NONE, HUGEPAGES_UNSPECIFIED, UNRECOGNIZED -> 1;
        };
    }

    private static void devices(VmTemplate vm) {
        if (vm.getDevicesCount() > MAX_DEVICE_KINDS) {
            throw KelpieException.invalidField(
                    "spec.vm.devices",
                    "has " + vm.getDevicesCount() + " kinds, the limit is " + MAX_DEVICE_KINDS,
                    "give fewer");
        }
        Set<String> kinds = new HashSet<>();
        for (int i = 0; i < vm.getDevicesCount(); i++) {
            DeviceRequest device = vm.getDevices(i);
            String field = "spec.vm.devices[" + i + "]";
            JobSpecValidator.name(field + ".kind", device.getKind());
            JobSpecValidator.range(
                    field + ".count", Integer.toUnsignedLong(device.getCount()), 1, MAX_DEVICES_OF_KIND, "");
            if (!kinds.add(device.getKind())) {
                throw KelpieException.invalidField(
                        field + ".kind", "'" + device.getKind() + "' stands twice", "add their counts up");
            }
        }
    }
}
