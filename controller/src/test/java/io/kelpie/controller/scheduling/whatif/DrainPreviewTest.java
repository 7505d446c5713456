package io.kelpie.controller.scheduling.whatif;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.whatif.DrainPreview.Fate;
import io.kelpie.controller.scheduling.whatif.DrainPreview.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DrainPreviewTest {
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;

    private final Cluster cluster = new Cluster();
    private final Anyone moveRules = new Anyone();

    private DrainPreview drain(int atOnce) {
        return DrainPreview.of(cluster.snapshot(), "h1", POLICY, 1, atOnce, moveRules);
    }

    @Test
    void eachVmSaysWhereItGoesOrWhyNowhere() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(4_096);
        cluster.vm("a-0").at("h1");
        cluster.vm("b-0").memoryMib(8_192).at("h1");
        cluster.vm("c-0").at("h1");
        moveRules.but("c-0", "keeps disk root there");

        List<Row> rows = drain(10).rows();
        assertThat(rows).extracting(Row::vmId).containsExactly(Cluster.id("a-0"), Cluster.id("b-0"), Cluster.id("c-0"));
        assertThat(rows).extracting(Row::fate).containsExactly(Fate.MOVES, Fate.NOWHERE, Fate.STAYS);
        assertThat(rows.get(0).decision().orElseThrow().host()).contains("h2");
        Decision nowhere = rows.get(1).decision().orElseThrow();
        assertThat(nowhere.rules())
                .extracting(rule -> rule.rule() + " " + rule.hostsRemoved())
                .containsExactly("drain 1", "memory 1");
        assertThat(rows.get(2).reason()).isEqualTo("keeps disk root there");
        assertThat(rows.get(2).decision()).isEmpty();
        assertThat(rows.get(2).wave()).isZero();
    }

    @Test
    void importantVmsLeaveFirst() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(2_000);
        cluster.vm("a-0").at("h1");
        cluster.vm("b-0").priority(90).at("h1");
        assertThat(drain(10).rows())
                .extracting(row -> row.job().name() + " " + row.fate())
                .containsExactly("b MOVES", "a NOWHERE");
    }

    @Test
    void wavesKeepBudgets() {
        cluster.host("h1");
        cluster.host("h2");
        for (int i = 0; i < 3; i++) {
            cluster.vm("a-" + i).at("h1");
            cluster.vm("b-" + i).at("h1");
        }
        moveRules.of("a", 1, 0).of("b", 2, 1);
        DrainPreview preview = drain(10);
        assertThat(preview.waves()).isEqualTo(3);
        assertThat(preview.rows())
                .extracting(row -> row.job().name() + row.ordinal() + " " + row.wave())
                .containsExactly("a0 1", "b0 1", "a1 2", "b1 2", "b2 2", "a2 3");
        assertThat(drain(1).waves()).isEqualTo(6);
    }

    @Test
    void aJobWithoutABudgetStays() {
        cluster.host("h1");
        cluster.host("h2");
        cluster.vm("a-0").at("h1");
        moveRules.of("a", 0, 0);
        assertThat(drain(1).rows())
                .extracting(Row::reason)
                .containsExactly("belongs to a job whose maxUnavailable is 0");
        moveRules.of("a", 1, 1);
        assertThat(drain(1).rows()).extracting(Row::wave).containsExactly(2);
        assertThat(drain(1).rows().get(0).reason())
                .isEqualTo("waits, 1 of its job's VMs do not run and its maxUnavailable is 1");
    }

    @Test
    void aHostThatIsNotThere() {
        assertThatThrownBy(() -> drain(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("h1");
    }

    /** Wave for wave, the preview decides as the scheduler does on a snapshot made by hand. */
    @Test
    void vmsGoWhereTheSchedulerPlacesThem() {
        int placed = 0;
        int nowhere = 0;
        for (long seed = 0; seed < 150; seed++) {
            RandomClusters clusters = new RandomClusters(seed);
            ClusterSnapshot snapshot = clusters.snapshot(6, 80);
            Anyone rules = new Anyone();
            clusters.jobs().forEach(job -> rules.of(job, 1 + clusters.random().nextInt(3), 0));
            String drained = snapshot.hosts().get((int) (seed % 6)).id();
            DrainPreview preview = DrainPreview.of(snapshot, drained, POLICY, seed, 4, rules);
            assertThat(preview.rows())
                    .as("seed %d", seed)
                    .extracting(Row::vmId)
                    .containsExactlyInAnyOrderElementsOf(snapshot.instances().stream()
                            .filter(vm -> vm.hostId().equals(drained))
                            .map(InstanceView::vmId)
                            .toList());

            Map<UUID, Decision> gone = new HashMap<>();
            for (int wave = 1; wave <= preview.waves(); wave++) {
                List<Row> rows = rowsOf(preview, wave);
                checkBudgets(rows, rules, seed);
                Set<UUID> leaving = rows.stream().map(Row::vmId).collect(Collectors.toSet());
                ClusterSnapshot before = with(snapshot, drained, gone, leaving);
                Plan plan = Scheduler.plan(
                        before,
                        rows.stream()
                                .map(row -> vm(snapshot, row.vmId()).again())
                                .toList(),
                        POLICY,
                        seed);
                for (int i = 0; i < rows.size(); i++) {
                    Decision decision = rows.get(i).decision().orElseThrow();
                    assertThat(decision)
                            .as("seed %d", seed)
                            .isEqualTo(plan.decisions().get(i));
                    if (decision.host().isPresent()) {
                        gone.put(decision.vmId(), decision);
                        placed++;
                    } else {
                        nowhere++;
                    }
                }
            }
        }
        assertThat(placed).isGreaterThan(300);
        assertThat(nowhere).isGreaterThan(50);
    }

    private static void checkBudgets(List<Row> rows, Anyone rules, long seed) {
        assertThat(rows).as("seed %d", seed).hasSizeBetween(1, 4);
        Map<JobKey, Long> away = rows.stream().collect(Collectors.groupingBy(Row::job, Collectors.counting()));
        away.forEach((job, count) -> assertThat(count)
                .as("seed %d", seed)
                .isLessThanOrEqualTo(rules.budget(job).maxUnavailable()));
    }

    private static List<Row> rowsOf(DrainPreview preview, int wave) {
        return preview.rows().stream().filter(row -> row.wave() == wave).toList();
    }

    private static InstanceView vm(ClusterSnapshot snapshot, UUID id) {
        return snapshot.instances().stream()
                .filter(vm -> vm.vmId().equals(id))
                .findAny()
                .orElseThrow();
    }

    /** The snapshot with a host being drained, some VMs placed elsewhere by now, and others on no host. */
    private static ClusterSnapshot with(
            ClusterSnapshot snapshot, String drained, Map<UUID, Decision> gone, Set<UUID> leaving) {
        List<InstanceView> instances = new ArrayList<>();
        for (InstanceView vm : snapshot.instances()) {
            Decision decision = gone.get(vm.vmId());
            if (decision != null) {
                instances.add(InstanceView.of(
                        vm.again(), decision.host().orElseThrow(), decision.numaNodes(), vm.sinceMillis()));
            } else if (!leaving.contains(vm.vmId())) {
                instances.add(vm);
            }
        }
        List<HostView> hosts = new ArrayList<>();
        for (HostView host : snapshot.hosts()) {
            TestHost now = TestHost.like(host).empty().starting(0);
            hosts.add(Cluster.holding(host.id().equals(drained) ? now.draining() : now, instances));
        }
        return new ClusterSnapshot(hosts, instances);
    }

    @Test
    void aVmOnItsWayBetweenHostsStays() {
        cluster.host("h1");
        cluster.host("h2");
        cluster.vm("a-0").at("h1");
        cluster.vm("a-0").at("h2");
        assertThat(drain(1).rows()).extracting(Row::reason).containsExactly("is on its way between hosts");
        assertThat(drain(1).rows()).extracting(Row::decision).containsExactly(Optional.empty());
    }
}
