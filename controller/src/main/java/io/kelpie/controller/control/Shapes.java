package io.kelpie.controller.control;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.LabelPreference;
import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.Toleration;
import io.kelpie.controller.model.VmShape;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.VmTemplate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What placement looks at in a job's spec. Pure. */
public final class Shapes {
    /** Models that mean whatever the host has. */
    private static final Set<String> ANY_MODEL = Set.of("", "host-model", "host-passthrough");

    private static final int PRIORITY_DEFAULT = 50;

    private Shapes() {}

    /** What each VM of a job asks of its host. */
    public static VmShape shape(JobSpec spec) {
        VmTemplate vm = spec.getVm();
        Acceleration acceleration = vm.getAcceleration();
        SortedMap<String, Integer> devices = new TreeMap<>();
        for (DeviceRequest device : vm.getDevicesList()) {
            devices.merge(device.getKind(), device.getCount(), Math::addExact);
        }
        return new VmShape(
                vm.getVcpus(),
                vm.getMemoryMib(),
                pageSize(vm.getHugepages()),
                vm.getNuma().getNodes(),
                Records.poolMib(vm, false),
                devices,
                !Records.keptDiskPools(vm).isEmpty(),
                switch (acceleration.getMode()) {
                    case MODE_TCG -> AccelerationMode.TCG;
                    case MODE_ANY -> AccelerationMode.ANY;
                    case MODE_KVM, MODE_UNSPECIFIED, UNRECOGNIZED -> AccelerationMode.KVM;
                },
                switch (acceleration.getPaging()) {
                    case PAGING_ANY -> PagingRequirement.ANY;
                    case PAGING_HARDWARE, PAGING_UNSPECIFIED, UNRECOGNIZED -> PagingRequirement.HARDWARE;
                },
                ANY_MODEL.contains(vm.getCpu().getModel())
                        ? Optional.empty()
                        : Optional.of(vm.getCpu().getModel()),
                Records.driver(vm.getDriver()),
                images(vm.getBoot()));
    }

    private static Set<String> images(Boot boot) {
        return Stream.of(boot.getImage(), boot.getKernel(), boot.getInitrd())
                .map(ImageSource::getSha256)
                .filter(digest -> !digest.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Where its VMs may run. */
    public static PlacementRules rules(JobSpec spec) {
        Placement placement = spec.getPlacement();
        return new PlacementRules(
                placement.getRequireList().stream()
                        .map(rule -> new LabelRequirement(rule.getLabel(), rule.getInList()))
                        .toList(),
                placement.getPreferList().stream()
                        .map(rule -> new LabelPreference(rule.getLabel(), rule.getInList(), rule.getWeight()))
                        .toList(),
                placement.getSpreadList().stream()
                        .map(rule -> new SpreadRule(rule.getBy(), rule.getMaxSkew()))
                        .toList(),
                affinity(spec, placement.getAffinityList()),
                affinity(spec, placement.getAntiAffinityList()),
                placement.hasPartitions()
                        ? Optional.of(new PartitionRule(
                                placement.getPartitions().getCount(),
                                placement.getPartitions().getBy()))
                        : Optional.empty(),
                placement.getTolerationsList().stream()
                        .map(rule -> new Toleration(
                                rule.getKey(), rule.hasValue() ? Optional.of(rule.getValue()) : Optional.empty()))
                        .toList());
    }

    private static List<AffinityRule> affinity(JobSpec spec, List<io.kelpie.proto.v1.AffinityRule> rules) {
        return rules.stream()
                .map(rule -> new AffinityRule(
                        new JobKey(Records.jobKey(spec).namespace(), rule.getJob()), rule.getBy(), rule.getRequired()))
                .toList();
    }

    /** 0 to 100. */
    static int priority(JobSpec spec) {
        return spec.hasPriority() ? spec.getPriority() : PRIORITY_DEFAULT;
    }

    /** How many VMs of the job may be kept from running at once for the sake of others, at least 1. */
    static int maxUnavailable(JobSpec spec) {
        return Math.max(1, spec.getMaxUnavailable());
    }

    static Optional<PageSize> pageSize(Hugepages hugepages) {
        return switch (hugepages) {
            case HUGEPAGES_2MI -> Optional.of(PageSize.MIB_2);
            case HUGEPAGES_1GI -> Optional.of(PageSize.GIB_1);
            case HUGEPAGES_NONE, HUGEPAGES_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    }

    static Hugepages hugepages(Optional<PageSize> size) {
        return size.map(page -> switch (page) {
                    case MIB_2 -> Hugepages.HUGEPAGES_2MI;
                    case GIB_1 -> Hugepages.HUGEPAGES_1GI;
                })
                .orElse(Hugepages.HUGEPAGES_UNSPECIFIED);
    }
}
