package io.kelpie.cli.spec;

import io.kelpie.common.units.ByteSizes;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.VmTemplate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads {@code hugepages}, {@code numa}, {@code cpu} and {@code devices} of {@code spec.vm}. Throws
 * {@link io.kelpie.common.yaml.YamlException} on bad input.
 */
final class HardwareParser {
    private static final Pattern CPU_MODEL = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9._]{0,62})");

    private HardwareParser() {}

    /** @param template has vCPUs and memory */
    static void parse(YamlMap vm, VmTemplate.Builder template) {
        if (vm.has("hugepages")) {
            template.setHugepages(Checks.word(vm, "hugepages", Words.HUGEPAGES));
        }
        YamlMap numa = vm.optionalMap("numa");
        if (numa != null) {
            template.setNuma(numa(numa));
        }
        YamlMap cpu = vm.optionalMap("cpu");
        if (cpu != null) {
            template.setCpu(cpu(cpu));
        }
        devices(vm, template);
        checkShares(vm, template);
    }

    private static Numa numa(YamlMap map) {
        map.requiredString("nodes");
        Numa numa = Numa.newBuilder()
                .setNodes((int) map.integer("nodes", 1, 1, SpecLimits.MAX_NUMA_NODES))
                .build();
        map.rejectUnknown();
        return numa;
    }

    private static Cpu cpu(YamlMap map) {
        String model = map.string("model", "");
        if (map.has("model") && !CPU_MODEL.matcher(model).matches()) {
            throw map.invalid(
                    "model",
                    QuotedText.of(model) + " is not a CPU model",
                    "give host-model, host-passthrough, or a model that `kelpie describe host` lists");
        }
        Cpu cpu = Cpu.newBuilder()
                .setModel(model)
                .setNested(map.bool("nested", false))
                .build();
        map.rejectUnknown();
        return cpu;
    }

    private static void devices(YamlMap vm, VmTemplate.Builder template) {
        List<YamlMap> devices = vm.maps("devices");
        Checks.count(vm, "devices", devices.size(), SpecLimits.MAX_DEVICE_KINDS);
        Set<String> kinds = new HashSet<>();
        for (YamlMap map : devices) {
            String kind = Checks.name(map, "kind", map.requiredString("kind"));
            if (!kinds.add(kind)) {
                throw map.invalid("kind", QuotedText.of(kind) + " stands twice", "add their counts up");
            }
            template.addDevices(DeviceRequest.newBuilder().setKind(kind).setCount((int)
                    map.integer("count", 1, 1, SpecLimits.MAX_DEVICES_OF_KIND)));
            map.rejectUnknown();
        }
    }

    /** Every NUMA node of the guest has the same, in whole pages. */
    private static void checkShares(YamlMap vm, VmTemplate.Builder template) {
        int nodes = template.hasNuma() ? template.getNuma().getNodes() : 1;
        if (template.getVcpus() % nodes != 0) {
            throw vm.invalid(
                    "vcpus",
                    template.getVcpus() + " cannot be divided evenly among " + nodes + " NUMA nodes",
                    "give a multiple of " + nodes);
        }
        long unit = nodes * pageMib(template.getHugepages());
        if (template.getMemoryMib() % unit != 0) {
            throw vm.invalid(
                    "memory",
                    ByteSizes.formatMib(template.getMemoryMib()) + " is not a whole number of pages for each of "
                            + nodes + " NUMA nodes",
                    "give a multiple of " + ByteSizes.formatMib(unit));
        }
    }

    private static long pageMib(Hugepages hugepages) {
        return switch (hugepages) {
            case HUGEPAGES_2MI -> 2;
            case HUGEPAGES_1GI -> 1024;
            case HUGEPAGES_NONE, HUGEPAGES_UNSPECIFIED, UNRECOGNIZED -> 1;
        };
    }
}
