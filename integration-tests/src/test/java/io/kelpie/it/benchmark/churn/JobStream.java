package io.kelpie.it.benchmark.churn;

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
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;

/** The jobs of the workload by number. The same arguments give the same jobs, whoever asks in whatever order. */
public final class JobStream {
    private record Flavour(int vcpus, int memoryGib, int weight) {}

    /** Weights are percents. */
    private static final List<Flavour> FLAVOURS = List.of(
            new Flavour(1, 2, 20),
            new Flavour(2, 4, 20),
            new Flavour(2, 8, 15),
            new Flavour(4, 8, 12),
            new Flavour(4, 16, 12),
            new Flavour(8, 16, 8),
            new Flavour(8, 32, 7),
            new Flavour(16, 64, 4),
            new Flavour(32, 128, 2));

    private static final int GROUP_MEMORY_MAX_GIB = 16;
    private static final String NAMESPACE = "bench";
    private static final int VMS_MAX = 8;
    private static final int GROUP_VMS_MAX = 4;
    private static final int PRIORITY = 50;
    private static final long DISK_MIB = 10 * 1024;
    private static final long MIB_PER_GIB = 1024;
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;

    private final long seed;
    private final int hosts;
    private final int apartMax;
    private final Map<Kind, Double> weights = new EnumMap<>(Kind.class);
    private final double weightSum;

    /**
     * @param hosts how many there are
     */
    public JobStream(Mix mix, long seed, int hosts) {
        this.seed = seed;
        this.hosts = hosts;
        apartMax = Math.max(2, Math.min(VMS_MAX, ChurnPool.racks(hosts) - 1));
        double sum = 0;
        for (Kind kind : Kind.values()) {
            double weight = mix.perThousand(kind) / meanVms(kind);
            weights.put(kind, weight);
            sum += weight;
        }
        weightSum = sum;
    }

    /** The job of a number, 0 or more, with all of its VMs unplaced. */
    public ChurnJob job(long number) {
        SplittableRandom random = new SplittableRandom(seed + number * GOLDEN);
        Kind kind = kind(random);
        JobKey key = key(number);
        int vms = vms(kind, random);
        Flavour flavour = flavour(random);
        while (kind == Kind.AFFINITY && flavour.memoryGib() > GROUP_MEMORY_MAX_GIB) {
            flavour = flavour(random);
        }
        VmShape shape = shape(kind, flavour, random);
        PlacementRules rules = rules(kind, key, number, random);
        int size = kind == Kind.AFFINITY && random.nextBoolean() ? 0 : vms;
        boolean fussy = kind == Kind.PLAIN && random.nextInt(10) == 0;
        Optional<String> preferred = fussy ? Optional.of(ChurnPool.hostId(random.nextInt(hosts))) : Optional.empty();
        Set<String> avoided = fussy ? Set.of(ChurnPool.hostId(random.nextInt(hosts))) : Set.of();
        List<PlacementRequest> requests = new ArrayList<>(vms);
        for (int vm = 0; vm < vms; vm++) {
            requests.add(new PlacementRequest(
                    new UUID(number, vm),
                    key,
                    vm,
                    size,
                    PRIORITY,
                    shape,
                    rules,
                    Optional.empty(),
                    "",
                    preferred,
                    avoided,
                    true,
                    false));
        }
        return new ChurnJob(number, kind, requests);
    }

    private static JobKey key(long number) {
        return new JobKey(NAMESPACE, "job-" + number);
    }

    private Kind kind(SplittableRandom random) {
        double left = random.nextDouble() * weightSum;
        Kind last = Kind.PLAIN;
        for (Map.Entry<Kind, Double> weight : weights.entrySet()) {
            if (weight.getValue() > 0) {
                last = weight.getKey();
                left -= weight.getValue();
                if (left < 0) {
                    break;
                }
            }
        }
        return last;
    }

    private static Flavour flavour(SplittableRandom random) {
        int left = random.nextInt(100);
        for (Flavour flavour : FLAVOURS) {
            left -= flavour.weight();
            if (left < 0) {
                return flavour;
            }
        }
        throw new IllegalStateException("the weights are less than 100");
    }

    private int vms(Kind kind, SplittableRandom random) {
        return switch (kind) {
            case PLAIN, LABELS, NUMA, DEVICES, SPREAD -> 1 + random.nextInt(VMS_MAX);
            case ANTI_AFFINITY -> 2 + random.nextInt(apartMax - 1);
            case AFFINITY -> 1 + random.nextInt(GROUP_VMS_MAX);
        };
    }

    private double meanVms(Kind kind) {
        return switch (kind) {
            case PLAIN, LABELS, NUMA, DEVICES, SPREAD -> (1 + VMS_MAX) / 2.0;
            case ANTI_AFFINITY -> (2 + apartMax) / 2.0;
            case AFFINITY -> (1 + GROUP_VMS_MAX) / 2.0;
        };
    }

    private static VmShape shape(Kind kind, Flavour flavour, SplittableRandom random) {
        SortedMap<String, Long> pools = new TreeMap<>();
        pools.put(ChurnPool.POOL, DISK_MIB);
        SortedMap<String, Integer> devices = new TreeMap<>();
        if (kind == Kind.DEVICES) {
            devices.put(ChurnPool.DEVICE, 1);
        }
        boolean hugepages = kind == Kind.PLAIN && random.nextInt(10) == 0;
        boolean newCpu = kind == Kind.PLAIN && random.nextInt(10) == 0;
        return new VmShape(
                flavour.vcpus(),
                flavour.memoryGib() * MIB_PER_GIB,
                hugepages ? Optional.of(PageSize.MIB_2) : Optional.empty(),
                kind == Kind.NUMA ? 1 + random.nextInt(2) : 0,
                pools,
                devices,
                false,
                AccelerationMode.KVM,
                PagingRequirement.HARDWARE,
                newCpu ? Optional.of(ChurnPool.NEW_CPU) : Optional.empty(),
                Optional.empty(),
                kind == Kind.PLAIN ? Set.of(ChurnPool.image(random.nextInt(ChurnPool.IMAGES))) : Set.of());
    }

    private static PlacementRules rules(Kind kind, JobKey key, long number, SplittableRandom random) {
        int draw = random.nextInt(100);
        JobKey earlier = key(Math.max(0, number - 1));
        return switch (kind) {
            case PLAIN, NUMA, DEVICES -> PlacementRules.NONE;
            case SPREAD ->
                spread(new SpreadRule(
                        draw < 45 ? ChurnPool.RACK : draw < 90 ? ChurnPool.ZONE : SpreadRule.HOST,
                        draw % 5 == 0 ? 2 : 1));
            case ANTI_AFFINITY -> apart(key, earlier, draw);
            case AFFINITY -> together(key, earlier, draw);
            case LABELS -> labels(draw);
        };
    }

    private static PlacementRules spread(SpreadRule rule) {
        return new PlacementRules(
                List.of(), List.of(), List.of(rule), List.of(), List.of(), Optional.empty(), List.of());
    }

    private static PlacementRules apart(JobKey key, JobKey earlier, int draw) {
        if (draw < 15) {
            return new PlacementRules(
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    List.of(),
                    Optional.of(new PartitionRule(3, ChurnPool.RACK)),
                    List.of());
        }
        AffinityRule rule = draw < 60
                ? new AffinityRule(key, SpreadRule.HOST, true)
                : draw < 85
                        ? new AffinityRule(key, ChurnPool.RACK, true)
                        : draw < 95
                                ? new AffinityRule(key, SpreadRule.HOST, false)
                                : new AffinityRule(earlier, SpreadRule.HOST, true);
        return new PlacementRules(
                List.of(), List.of(), List.of(), List.of(), List.of(rule), Optional.empty(), List.of());
    }

    private static PlacementRules together(JobKey key, JobKey earlier, int draw) {
        AffinityRule rule = draw < 60
                ? new AffinityRule(key, SpreadRule.HOST, true)
                : draw < 85
                        ? new AffinityRule(key, ChurnPool.RACK, true)
                        : new AffinityRule(earlier, ChurnPool.RACK, false);
        return new PlacementRules(
                List.of(), List.of(), List.of(), List.of(rule), List.of(), Optional.empty(), List.of());
    }

    private static PlacementRules labels(int draw) {
        List<LabelRequirement> require = List.of();
        List<LabelPreference> prefer = List.of();
        List<Toleration> tolerations = List.of();
        if (draw < 50) {
            require = List.of(new LabelRequirement(ChurnPool.DISK, List.of("ssd")));
        } else if (draw < 65) {
            require = List.of(new LabelRequirement(ChurnPool.ZONE, List.of("z0", "z1")));
        } else if (draw < 90) {
            prefer = List.of(new LabelPreference(ChurnPool.DISK, List.of("ssd"), 20));
        } else {
            tolerations = List.of(new Toleration(ChurnPool.TAINT, Optional.of("db")));
        }
        return new PlacementRules(require, prefer, List.of(), List.of(), List.of(), Optional.empty(), tolerations);
    }
}
