package io.kelpie.controller.scheduling.whatif;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.LabelRequirement;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestVm;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CapacityTest {
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;

    private final Cluster cluster = new Cluster();

    private Capacity capacity(String flavor) {
        return Capacity.of(
                cluster.snapshot(),
                Flavor.parse(flavor).orElseThrow().request(),
                POLICY,
                1,
                Optional.of("rack"),
                1_000);
    }

    @Test
    void countsByRackAndSaysWhatStopsMore() {
        cluster.host("h1").label("rack", "a");
        cluster.host("h2").label("rack", "b").memoryMib(32_768);
        cluster.host("h3").label("rack", "c").cordoned();
        cluster.host("h4");
        cluster.vm("a-0").memoryMib(8_192).at("h1");
        Capacity capacity = capacity("2x4Gi");
        assertThat(capacity.fits()).as("1 + 7 + 3").isEqualTo(11);
        assertThat(capacity.byDomain()).isEqualTo(new TreeMap<>(Map.of("a", 1, "b", 7, "c", 0, "", 3)));
        assertThat(capacity.limitReached()).isFalse();
        assertThat(capacity.limiting()).map(RuleOutcome::rule).contains("memory");
        assertThat(capacity.stops())
                .extracting(
                        stop -> stop.outcome().rule() + " " + stop.outcome().hostsRemoved() + " " + stop.hostsAlone())
                .containsExactly("cordon 1 1", "memory 3 3");
    }

    @Test
    void whereNothingIsShortTheRuleOfTheOperatorLimits() {
        cluster.host("h1").cordoned();
        Capacity capacity = capacity("1x1Gi");
        assertThat(capacity.fits()).isZero();
        assertThat(capacity.limiting()).map(RuleOutcome::fix).contains("uncordon h1: kelpie uncordon h1");
    }

    @Test
    void startsInFlightAreNoLimit() {
        cluster.host("h1").starting(5);
        SchedulingPolicy two = new SchedulingPolicy(400, SchedulingPolicy.Packing.PACK, 2, 30, 5, NPlusOne.OFF);
        Capacity capacity =
                Capacity.of(cluster.snapshot(), new Flavor(8, 1_024).request(), two, 1, Optional.empty(), 1_000);
        assertThat(capacity.fits()).isEqualTo(4);
        assertThat(capacity.byDomain()).isEmpty();
        assertThat(capacity.limiting()).map(RuleOutcome::rule).contains("vcpu");
    }

    @Test
    void theCountEndsAtItsLimit() {
        cluster.host("h1");
        Capacity capacity =
                Capacity.of(cluster.snapshot(), new Flavor(1, 1_024).request(), POLICY, 1, Optional.empty(), 3);
        assertThat(capacity.fits()).isEqualTo(3);
        assertThat(capacity.limitReached()).isTrue();
        assertThat(capacity.limiting()).isEmpty();
    }

    @Test
    void rulesAboutEachOtherCountToo() {
        cluster.host("h1").label("rack", "a");
        cluster.host("h2").label("rack", "a");
        cluster.host("h3").label("rack", "b");
        PlacementRequest apart = cluster.vm("web-0").awayFrom("web", "rack").request();
        Capacity capacity = Capacity.of(cluster.snapshot(), apart, POLICY, 1, Optional.of("rack"), 1_000);
        assertThat(capacity.fits()).isEqualTo(2);
        assertThat(capacity.limiting()).map(RuleOutcome::rule).contains("anti-affinity");
    }

    @Test
    void noHosts() {
        Capacity capacity = capacity("1x1Gi");
        assertThat(capacity).isEqualTo(new Capacity(0, false, 0, new TreeMap<>(), java.util.List.of()));
        assertThat(capacity.limiting()).isEmpty();
    }

    /** Each host is filled by hand, one VM after the other, by plain sums. */
    @Test
    void asManyAsCanBeAddedByHand() {
        Set<String> limits = new HashSet<>();
        for (long seed = 0; seed < 300; seed++) {
            RandomClusters clusters = new RandomClusters(seed);
            ClusterSnapshot snapshot = clusters.snapshot(6, 60);
            PlacementRequest one = kind(seed, snapshot);
            Capacity capacity = Capacity.of(snapshot, one, POLICY, seed, Optional.of("rack"), 10_000);
            Map<String, Integer> expected = new TreeMap<>();
            int sum = 0;
            for (HostView host : snapshot.hosts()) {
                int count = byHand(host, one);
                sum += count;
                expected.merge(host.traits().labels().getOrDefault("rack", ""), count, Integer::sum);
            }
            assertThat(capacity.fits()).as("seed %d", seed).isEqualTo(sum);
            assertThat(capacity.byDomain()).as("seed %d", seed).isEqualTo(expected);
            assertThat(capacity.stops().stream()
                            .mapToInt(stop -> stop.outcome().hostsRemoved())
                            .sum())
                    .as("seed %d", seed)
                    .isEqualTo(capacity.hosts());
            assertThat(capacity.stops())
                    .as("seed %d", seed)
                    .allSatisfy(stop -> assertThat(stop.hostsAlone())
                            .isLessThanOrEqualTo(stop.outcome().hostsRemoved()));
            limits.add(capacity.limiting().orElseThrow().rule());
        }
        assertThat(limits).contains("vcpu", "memory", "disk-space", "devices", "labels", "hugepages", "numa");
    }

    private static PlacementRequest kind(long seed, ClusterSnapshot snapshot) {
        TestVm vm = new Cluster().vm("flavor-0").vcpus(1 + (int) (seed % 3)).memoryMib(256L << (seed % 5));
        switch ((int) (seed % 7)) {
            case 0 -> vm.disk("default", 9_000);
            case 1 -> vm.devices("gpu", 1);
            case 2 ->
                vm.require("disk", snapshot.hosts().get(0).traits().labels().getOrDefault("disk", "ssd"));
            case 3 -> vm.hugepages(PageSize.MIB_2);
            case 4 -> vm.numaNodes(1);
            case 5 -> vm.require("disk", "none");
            default -> vm.tolerates("lab");
        }
        return vm.request();
    }

    private static int byHand(HostView host, PlacementRequest one) {
        if (!host.traits().ready()
                || host.traits().cordoned()
                || (!host.traits().taints().isEmpty()
                        && one.rules().tolerations().isEmpty())) {
            return 0;
        }
        for (LabelRequirement wanted : one.rules().require()) {
            if (!wanted.in().contains(host.traits().labels().getOrDefault(wanted.label(), ""))) {
                return 0;
            }
        }
        Reservation each = Reservation.of(one.shape());
        long vcpus = host.size().cpus() * 4L - host.held().cpus();
        long most = Math.min(
                vcpus / each.vcpus(), (host.size().memoryMib() - host.held().memoryMib()) / each.memoryMib());
        if (each.hugepagesMib() > 0) {
            long huge = host.size().hugepagesMib().getOrDefault(PageSize.MIB_2, 0L)
                    - host.held().hugepagesMib().getOrDefault(PageSize.MIB_2, 0L);
            most = Math.min(most, huge / each.hugepagesMib());
        }
        for (String pool : each.poolMib().keySet()) {
            long free = host.size().poolMib().getOrDefault(pool, 0L)
                    - host.held().poolMib().getOrDefault(pool, 0L);
            most = Math.min(most, free / each.poolMib().get(pool));
        }
        for (String kind : each.devices().keySet()) {
            long free = host.size().devices().getOrDefault(kind, 0)
                    - host.held().devices().getOrDefault(kind, 0);
            most = Math.min(most, free / each.devices().get(kind));
        }
        if (one.shape().numaNodes() == 1) {
            long onNodes = 0;
            for (int node = 0; node < host.size().numaNodes().size(); node++) {
                long nodeVcpus = host.size().numaNodes().get(node).cpus() * 4L
                        - host.held().numaNodes().get(node).cpus();
                long nodeMib = host.size().numaNodes().get(node).memoryMib()
                        - host.held().numaNodes().get(node).memoryMib();
                onNodes += Math.max(0, Math.min(nodeVcpus / each.vcpus(), nodeMib / each.memoryMib()));
            }
            most = Math.min(most, onNodes);
        }
        return (int) Math.max(0, most);
    }
}
