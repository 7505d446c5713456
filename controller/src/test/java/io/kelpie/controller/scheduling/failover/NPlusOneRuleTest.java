package io.kelpie.controller.scheduling.failover;

import static io.kelpie.controller.scheduling.TestHost.named;
import static io.kelpie.controller.scheduling.failover.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.HostCheck;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What an operator reads when a VM waits because of what is kept for the loss of a host. */
class NPlusOneRuleTest {
    @Test
    void roomThatIsKeptIsToldWithItsAmounts() {
        Cluster cluster = new Cluster(
                NPlusOne.ENFORCE, named("a").size(4, 8000), named("b").size(4, 8500));
        cluster.placeOn("a", vm("one").size(2, 8000));

        assertThat(rule(cluster, vm("two").size(2, 1000), "n-plus-1"))
                .contains(new RuleOutcome(
                        "n-plus-1",
                        1,
                        Optional.of("b"),
                        "1000 MiB beside what is kept for the VMs of a lost host",
                        "500 of 8500 free",
                        "500 MiB",
                        "free 500 MiB on b, or add a host"));
    }

    @Test
    void devicesThatAreKeptAreTold() {
        Cluster cluster = new Cluster(
                NPlusOne.ENFORCE, named("a").devices("gpu", 1), named("b").devices("gpu", 1), named("c"));
        cluster.placeOn("a", vm("one").devices("gpu", 1));

        assertThat(rule(cluster, vm("two").devices("gpu", 1), "n-plus-1"))
                .hasValueSatisfying(rule -> assertThat(rule)
                        .extracting(RuleOutcome::asked, RuleOutcome::free, RuleOutcome::shortfall)
                        .containsExactly(
                                "1 gpu beside what is kept for the VMs of a lost host", "0 of 1 free", "1 gpu"));
    }

    @Test
    void aHostThatCouldNotBeLostIsToldAsSuch() {
        Cluster cluster = new Cluster(NPlusOne.ENFORCE, named("a"));

        assertThat(rule(cluster, vm("one"), "n-plus-1"))
                .hasValueSatisfying(rule -> assertThat(rule.asked())
                        .isEqualTo("another host that could start it, 1 vCPUs and 1000 MiB, if a is lost"));
    }

    @Test
    void theRowsAddUpToAllHosts() {
        Cluster cluster = new Cluster(
                NPlusOne.ENFORCE,
                named("a").size(4, 8000),
                named("b").size(4, 8000),
                named("c").cordoned());
        cluster.placeOn("a", vm("one").size(4, 8000));

        assertThat(decision(cluster, vm("two")).rules().stream()
                        .mapToInt(RuleOutcome::hostsRemoved)
                        .sum())
                .isEqualTo(3);
    }

    @Test
    void underWarnNothingIsRefused() {
        Cluster cluster = new Cluster(NPlusOne.WARN, named("a"));

        assertThat(decision(cluster, vm("one")).host()).contains("a");
        assertThat(rule(cluster, vm("one"), "n-plus-1")).isEmpty();
    }

    @Test
    void aVmThatComesBackGoesWhereItsRoomWasKeptHoweverUnevenThatIs() {
        Cluster cluster = new Cluster(
                NPlusOne.ENFORCE, named("a").size(8, 8000), named("b").size(8, 8000), named("c"));
        cluster.placeOn("a", vm("web", 0).spread("host", 1));
        cluster.placeOn("a", vm("web", 1).spread("host", 1));

        TestVm third = vm("web", 2).spread("host", 1).prefersHost("a");
        assertThat(decision(cluster, third).host()).isNotEqualTo(Optional.of("a"));
        assertThat(decision(cluster, third.returning()).host()).contains("a");
    }

    @Test
    void aVmThatComesBackWaitsForTheHostThatIsStartingTooMany() {
        Cluster cluster = new Cluster(
                NPlusOne.ENFORCE, named("a").size(64, 80_000), named("b").size(64, 80_000));
        for (int i = 0; i < Cluster.POLICY.startsInFlightMax(); i++) {
            cluster.placeOn("a", vm("web", i));
        }

        Decision waiting = decision(cluster, vm("web", 99).prefersHost("a").returning());
        assertThat(waiting.host()).isEmpty();
        assertThat(waiting.rules())
                .extracting(RuleOutcome::rule, RuleOutcome::hostsRemoved)
                .containsExactly(tuple("starts-in-flight", 1), tuple("n-plus-1", 1));
        assertThat(waiting.rules().get(1).fix()).isEqualTo("wait, it is started on a as soon as one of them runs");
        assertThat(decision(cluster, vm("web", 99).prefersHost("a")).host())
                .as("a new VM goes elsewhere")
                .contains("b");

        cluster.inventory().started(cluster.placed().get(0).instance());
        assertThat(decision(cluster, vm("web", 99).prefersHost("a").returning()).host())
                .contains("a");
    }

    @Test
    void aHostThatMayKeepLessIsToldToThoseWhoWait() {
        Cluster cluster = new Cluster(
                NPlusOne.ENFORCE, named("a").size(4, 8000), named("b").size(4, 8500));
        Placed one = cluster.placeOn("a", vm("one").size(2, 8000));
        HostCheck check =
                new HostCheck(cluster.inventory(), vm("two").size(1, 1000).request());
        assertThat(check.passes("b")).isFalse();
        cluster.inventory().takeEased();

        cluster.release(one);
        assertThat(cluster.inventory().takeEased()).containsExactly("b");
        assertThat(cluster.inventory().takeEased()).isEmpty();
        assertThat(check.passes("b")).isTrue();
    }

    private static Optional<RuleOutcome> rule(Cluster cluster, TestVm vm, String name) {
        return decision(cluster, vm).rules().stream()
                .filter(rule -> rule.rule().equals(name))
                .findFirst();
    }

    private static Decision decision(Cluster cluster, TestVm vm) {
        return Scheduler.plan(cluster.inventory(), List.of(vm.request()))
                .decisions()
                .get(0);
    }
}
