package io.kelpie.controller.scheduling.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.explain.Explanation.Choice;
import io.kelpie.controller.scheduling.whatif.Cluster;
import io.kelpie.controller.scheduling.whatif.RandomClusters;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExplainerTest {
    private static final SchedulingPolicy POLICY = SchedulingPolicy.DEFAULT;

    private final Cluster cluster = new Cluster();

    private Explanation explain(TestVm vm) {
        PlacementRequest request = vm.request();
        return new Explainer(Trial.of(cluster.snapshot(), POLICY, 1).inventory()).explain(request);
    }

    @Test
    void theChosenHostAndThoseThatComeNext() {
        cluster.host("h1").memoryMib(4_096);
        cluster.host("h2").memoryMib(8_192);
        cluster.host("h3").memoryMib(12_288);
        cluster.host("h4").memoryMib(16_384);
        cluster.host("h5").cordoned();
        Explanation explanation = explain(cluster.vm("web-0"));
        assertThat(explanation.hosts()).isEqualTo(5);
        assertThat(explanation.passing()).isEqualTo(4);
        assertThat(explanation.rules())
                .extracting(rule -> rule.rule() + " " + rule.hostsRemoved())
                .containsExactly("cordon 1");
        assertThat(explanation.best()).extracting(Standing::host).containsExactly("h1", "h2", "h3");
        assertThat(explanation.choice()).isEqualTo(Choice.LEAST_COST);
        assertThat(explanation.chosen()).map(Standing::host).contains("h1");
        assertThat(explanation.why())
                .startsWith("4 of 5 hosts pass every rule; h1 costs least, ")
                .endsWith(", most of it for room");
        assertThat(explanation.smallestFix()).isEmpty();
    }

    @Test
    void whatAJobPrefersIsAPartOfItsOwn() {
        cluster.host("h1").memoryMib(8_192);
        cluster.host("h2").memoryMib(8_192).label("disk", "ssd").image("debian");
        Explanation explanation =
                explain(cluster.vm("web-0").prefer(100, "disk", "ssd").image("debian"));
        assertThat(explanation.best()).extracting(Standing::host).containsExactly("h2", "h1");
        assertThat(explanation.best().get(0).parts())
                .extracting(ScorePart::toString)
                .endsWith("preferences 0.00", "images 0.00");
        assertThat(explanation.best().get(1).parts())
                .extracting(ScorePart::toString)
                .endsWith("preferences 30.00", "images 5.00");
        assertThat(explanation.best().get(1).cost() - explanation.best().get(0).cost())
                .isEqualTo(350_000);
        assertThat(explanation.why()).endsWith("most of it for preferences");
    }

    @Test
    void theOnlyHostTheSeedAndThePreferredOne() {
        cluster.host("h1");
        assertThat(explain(cluster.vm("a-0")).choice()).isEqualTo(Choice.ONLY);
        assertThat(explain(cluster.vm("a-0")).why()).isEqualTo("h1 is the only one of 1 hosts that passes every rule");
        cluster.host("h2");
        assertThat(explain(cluster.vm("a-0")).why()).contains("cost the same").endsWith("and the seed decides");
        cluster.host("h3").memoryMib(64_000);
        Explanation preferred = explain(cluster.vm("a-0").prefersHost("h3"));
        assertThat(preferred.choice()).isEqualTo(Choice.PREFERRED);
        assertThat(preferred.why()).isEqualTo("h3 is preferred and passes every rule, as do 2 other hosts");
        assertThat(preferred.best()).extracting(Standing::host).hasSize(3).startsWith("h3");
    }

    @Test
    void aGroupThatHasToStayTogether() {
        cluster.host("h1");
        cluster.host("h2").memoryMib(2_048);
        Explanation explanation = explain(cluster.vm("db-0").near("db", "host").jobSize(4));
        assertThat(explanation.passing()).isEqualTo(2);
        assertThat(explanation.choice()).isEqualTo(Choice.WHOLE_GROUP);
        assertThat(explanation.why())
                .isEqualTo("h1 is the only one of the 2 hosts that pass which has room for all VMs of the job, and they"
                        + " have to stay together");
    }

    @Test
    void noHostPasses() {
        cluster.host("h1").memoryMib(1_000).cordoned();
        cluster.host("h2").memoryMib(1_000);
        cluster.host("h3").memoryMib(500);
        cluster.host("h4").cpus(0);
        cluster.host("h5").suspect().memoryMib(0);
        Explanation explanation = explain(cluster.vm("web-0"));
        assertThat(explanation.choice()).isEqualTo(Choice.NONE);
        assertThat(explanation.passing()).isZero();
        assertThat(explanation.why()).isEqualTo("none of 5 hosts passes every rule");
        assertThat(explanation.rules())
                .extracting(rule -> rule.rule() + " " + rule.hostsRemoved() + " "
                        + rule.nearestHost().orElse("-"))
                .containsExactly("host-ready 1 h5", "cordon 1 h1", "vcpu 1 h4", "memory 2 h2");
        Fix fix = explanation.smallestFix().orElseThrow();
        assertThat(fix.host()).as("fails memory alone, and is nearest").isEqualTo("h2");
        assertThat(fix.rules()).containsExactly("memory");
        assertThat(fix.changes().get(0)).startsWith("lower spec.vm.memory to ");
    }

    @Test
    void noHostsAtAll() {
        Explanation explanation = explain(cluster.vm("web-0"));
        assertThat(explanation.choice()).isEqualTo(Choice.NONE);
        assertThat(explanation.rules()).isEmpty();
        assertThat(explanation.smallestFix()).isEmpty();
    }

    @Test
    void aPlacedVmIsComparedWithWhatWouldBeChosenNow() {
        cluster.host("h1").memoryMib(4_096);
        cluster.host("h2").memoryMib(8_192);
        cluster.vm("web-0").at("h2");
        Trial trial = Trial.of(cluster.snapshot(), POLICY, 1);
        PlacedExplanation placed = Explainer.whyHere(trial, 0, trial.view(0).again());
        assertThat(placed.host()).isEqualTo("h2");
        assertThat(placed.standing()).contains(placed.anew().best().get(1));
        assertThat(placed.why()).startsWith("h2 costs ").contains("h1 would be chosen");
        assertThat(trial.isThere(0)).isTrue();
        assertThat(trial.inventory().hosts().freeVcpus(trial.inventory().hosts().hostIndex("h2")))
                .as("the copy is as before")
                .isEqualTo(31);
    }

    @Test
    void aPlacedVmWhoseHostWouldNotPassNow() {
        cluster.host("h1").cordoned();
        cluster.vm("web-0").at("h1");
        Trial trial = Trial.of(cluster.snapshot(), POLICY, 1);
        PlacedExplanation placed = Explainer.whyHere(trial, 0, trial.view(0).again());
        assertThat(placed.standing()).isEmpty();
        assertThat(placed.failed()).containsExactly("cordon");
        assertThat(placed.why()).isEqualTo("h1 would not pass cordon now; the VM was placed when it did, and stays");
    }

    @Test
    void numbersAddUpAndTheChoiceIsTheSchedulers() {
        Map<Choice, Integer> choices = new EnumMap<>(Choice.class);
        for (long seed = 0; seed < 100; seed++) {
            RandomClusters clusters = new RandomClusters(seed);
            ClusterSnapshot snapshot = clusters.snapshot(7, 70);
            Trial trial = Trial.of(snapshot, POLICY, seed);
            for (int i = 0; i < 10; i++) {
                PlacementRequest request = clusters.newVm().request();
                Explanation explanation = new Explainer(trial.inventory()).explain(request);
                Decision decision = Scheduler.plan(snapshot, List.of(request), POLICY, seed)
                        .decisions()
                        .get(0);
                choices.merge(explanation.choice(), 1, Integer::sum);
                int removed = explanation.rules().stream()
                        .mapToInt(RuleOutcome::hostsRemoved)
                        .sum();
                assertThat(removed + explanation.passing()).as("seed %d", seed).isEqualTo(7);
                assertThat(explanation.chosen().map(Standing::hostId))
                        .as("seed %d", seed)
                        .isEqualTo(decision.host());
                assertThat(explanation.rules()).as("seed %d", seed).isEqualTo(decision.rules());
                if (explanation.choice() != Choice.WHOLE_GROUP) {
                    assertThat(explanation.best()).as("seed %d", seed).hasSize(Math.min(3, explanation.passing()));
                }
                assertThat(explanation.best())
                        .as("seed %d", seed)
                        .isSortedAccordingTo((one, other) -> Long.compare(one.cost(), other.cost()));
                assertThat(explanation.why()).isNotEmpty();
                assertThat(explanation.smallestFix().isPresent()).isEqualTo(explanation.passing() == 0);
            }
        }
        assertThat(choices.keySet()).contains(Choice.NONE, Choice.ONLY, Choice.LEAST_COST);
    }

    /** Where a fix is to uncordon a host, the VM goes there once it is done. */
    @Test
    void aFixHelps() {
        int fixed = 0;
        for (long seed = 0; seed < 1_500 && fixed < 10; seed++) {
            RandomClusters clusters = new RandomClusters(seed);
            ClusterSnapshot snapshot = clusters.snapshot(4, 40);
            Explainer explainer = new Explainer(Trial.of(snapshot, POLICY, seed).inventory());
            for (int i = 0; i < 6; i++) {
                PlacementRequest request = clusters.newVm().request();
                Fix fix = explainer.explain(request).smallestFix().orElse(null);
                if (fix != null && fix.rules().equals(List.of("cordon"))) {
                    fixed++;
                    assertThat(Scheduler.plan(uncordoned(snapshot, fix.hostId()), List.of(request), POLICY, seed)
                                    .decisions()
                                    .get(0)
                                    .host())
                            .as("seed %d", seed)
                            .contains(fix.hostId());
                }
            }
        }
        assertThat(fixed).isGreaterThanOrEqualTo(10);
    }

    private static ClusterSnapshot uncordoned(ClusterSnapshot snapshot, String hostId) {
        List<HostView> hosts = snapshot.hosts().stream()
                .map(host -> host.id().equals(hostId)
                        ? TestHost.like(host).cordoned(false).view()
                        : host)
                .toList();
        return new ClusterSnapshot(hosts, snapshot.instances());
    }

    @Test
    void whyHereHoldsForEveryPlacedVm() {
        Map<Boolean, Integer> passes = new HashMap<>();
        for (long seed = 0; seed < 50; seed++) {
            ClusterSnapshot snapshot = new RandomClusters(seed).snapshot(7, 70);
            Trial trial = Trial.of(snapshot, POLICY, seed);
            for (int position = 0; position < trial.size(); position++) {
                InstanceView vm = trial.view(position);
                PlacedExplanation placed = Explainer.whyHere(trial, position, vm.again());
                passes.merge(placed.standing().isPresent(), 1, Integer::sum);
                assertThat(placed.hostId()).isEqualTo(vm.hostId());
                assertThat(placed.standing().isEmpty())
                        .isEqualTo(!placed.failed().isEmpty());
                placed.standing()
                        .ifPresent(here -> assertThat(here.cost())
                                .isGreaterThanOrEqualTo(
                                        placed.anew().best().get(0).cost()));
                assertThat(placed.why()).isNotEmpty();
            }
        }
        assertThat(passes.get(true)).isGreaterThan(500);
    }
}
