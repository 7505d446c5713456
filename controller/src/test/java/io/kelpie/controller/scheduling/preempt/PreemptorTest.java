package io.kelpie.controller.scheduling.preempt;

import static io.kelpie.controller.scheduling.preempt.Cluster.host;
import static io.kelpie.controller.scheduling.preempt.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.JobBudget;
import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PreemptorTest {
    private final Cluster cluster = new Cluster();

    // ---- who

    @Test
    void aVmOfLowerPriorityMakesRoom() {
        cluster.with(host("h1")).on("h1", vm("batch", 0).vcpus(8));
        assertThat(victims(vm("web", 0).priority(50).vcpus(8))).containsExactly("batch-0");
    }

    @Test
    void aVmOfTheSameOrAHigherPriorityIsNeverEnded() {
        cluster.with(host("h1"), host("h2"))
                .on("h1", vm("same", 0).priority(50).vcpus(8))
                .on("h2", vm("higher", 0).priority(51).vcpus(8));
        assertThat(find(vm("web", 0).priority(50))).isEmpty();
    }

    @Test
    void aVmOfTheSameJobIsNeverEnded() {
        cluster.with(host("h1")).on("h1", vm("web", 0).priority(10).vcpus(8));
        assertThat(find(vm("web", 1).priority(50))).isEmpty();
    }

    @Test
    void aVmThatTheRequestHasToBeNearIsNeverEnded() {
        cluster.with(host("h1"))
                .on(
                        "h1",
                        vm("cache", 0).priority(1).vcpus(4),
                        vm("batch", 0).priority(30).vcpus(4));
        assertThat(victims(vm("web", 0).priority(50).vcpus(4).near("cache", "host")))
                .containsExactly("batch-0");
    }

    @Test
    void aBudgetIsKept() {
        cluster.with(host("h1"))
                .mayEnd("batch", 1)
                .on("h1", vm("batch", 0).vcpus(4), vm("batch", 1).vcpus(4));
        assertThat(find(vm("web", 0).priority(50).vcpus(8))).isEmpty();
        assertThat(find(vm("web", 0).priority(50).vcpus(4))).isPresent();
    }

    @Test
    void aBudgetThatIsUsedUpLeavesMoreImportantVmsOfOtherJobs() {
        cluster.with(host("h1"))
                .mayEnd("batch", 0)
                .on("h1", vm("batch", 0).vcpus(4), vm("other", 0).priority(40).vcpus(4));
        assertThat(victims(vm("web", 0).priority(50).vcpus(4))).containsExactly("other-0");
    }

    @Test
    void aBudgetMayForceABiggerSet() {
        cluster.with(host("h1"))
                .mayEnd("batch", 1)
                .on(
                        "h1",
                        vm("batch", 0).vcpus(3).since(5),
                        vm("batch", 1).vcpus(3),
                        vm("a", 0).priority(20).vcpus(1),
                        vm("b", 0).priority(20).vcpus(1));
        assertThat(victims(vm("web", 0).priority(50).vcpus(5))).containsExactlyInAnyOrder("batch-0", "a-0", "b-0");
    }

    // ---- which of the sets on one host

    @Test
    void fewestComeFirst() {
        cluster.with(host("h1"))
                .on(
                        "h1",
                        vm("a", 0).vcpus(2),
                        vm("a", 1).vcpus(2),
                        vm("big", 0).priority(40).vcpus(4));
        assertThat(victims(vm("web", 0).priority(50).vcpus(4))).containsExactly("big-0");
    }

    @Test
    void thenTheLowestHighestPriority() {
        cluster.with(host("h1"))
                .on(
                        "h1",
                        vm("low", 0).priority(1).vcpus(2),
                        vm("high", 0).priority(40).vcpus(3),
                        vm("mid", 0).priority(30).vcpus(2),
                        vm("mid", 1).priority(30).vcpus(1));
        assertThat(victims(vm("web", 0).priority(50).vcpus(4))).containsExactly("low-0", "mid-0");
    }

    @Test
    void thenTheLowestSumOfPriorities() {
        cluster.with(host("h1"))
                .on(
                        "h1",
                        vm("top", 0).priority(30).vcpus(3),
                        vm("a", 0).priority(20).vcpus(1),
                        vm("b", 0).priority(5).vcpus(1),
                        vm("c", 0).priority(30).vcpus(3));
        assertThat(victims(vm("web", 0).priority(50).vcpus(4))).contains("b-0").hasSize(2);
    }

    @Test
    void thenTheYoungest() {
        cluster.with(host("h1"))
                .on("h1", vm("a", 0).vcpus(4).since(100), vm("a", 1).vcpus(4).since(200));
        assertThat(victims(vm("web", 0).priority(50).vcpus(4))).containsExactly("a-1");
    }

    @Test
    void theOldestOfASetCounts() {
        cluster.with(host("h1").cpus(12))
                .on(
                        "h1",
                        vm("low", 0).priority(10).vcpus(3).since(1),
                        vm("low", 1).priority(10).vcpus(2).since(9),
                        vm("top", 0).priority(30).vcpus(3).since(8),
                        vm("top", 1).priority(30).vcpus(4).since(5));
        assertThat(victims(vm("web", 0).priority(50).vcpus(6))).containsExactly("low-1", "top-1");
    }

    @Test
    void nobodyIsEndedWhoIsNotNeeded() {
        cluster.with(host("h1"))
                .on(
                        "h1",
                        vm("small", 0).priority(1).vcpus(1),
                        vm("big", 0).priority(2).vcpus(7));
        assertThat(victims(vm("web", 0).priority(50).vcpus(7))).containsExactly("big-0");
    }

    // ---- which host

    @Test
    void theHostWithTheFewestVictimsIsTaken() {
        cluster.with(host("h1"), host("h2"))
                .on(
                        "h1",
                        vm("a", 0).priority(1).vcpus(4),
                        vm("a", 1).priority(1).vcpus(4))
                .on("h2", vm("b", 0).priority(49).vcpus(8));
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(8))).contains("id-h2");
    }

    @Test
    void thenTheHostWithTheLowestHighestPriority() {
        cluster.with(host("h1"), host("h2"))
                .on(
                        "h1",
                        vm("a", 0).priority(1).vcpus(4),
                        vm("a", 1).priority(31).vcpus(4))
                .on(
                        "h2",
                        vm("b", 0).priority(30).vcpus(4),
                        vm("b", 1).priority(30).vcpus(4));
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(8))).contains("id-h2");
    }

    @Test
    void thenTheHostWithTheLowestSumOfPriorities() {
        cluster.with(host("h1"), host("h2"))
                .on(
                        "h1",
                        vm("a", 0).priority(20).vcpus(4),
                        vm("a", 1).priority(30).vcpus(4))
                .on(
                        "h2",
                        vm("b", 0).priority(19).vcpus(4),
                        vm("b", 1).priority(30).vcpus(4));
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(8))).contains("id-h2");
    }

    @Test
    void thenTheHostWhoseOldestVictimIsTheYoungest() {
        cluster.with(host("h1"), host("h2"))
                .on("h1", vm("a", 0).vcpus(4).since(900), vm("a", 1).vcpus(4).since(100))
                .on("h2", vm("b", 0).vcpus(4).since(200), vm("b", 1).vcpus(4).since(201));
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(8))).contains("id-h2");
    }

    @Test
    void thenTheSeedDecides() {
        cluster.with(host("h1"), host("h2"), host("h3"))
                .on("h1", vm("a", 0).vcpus(8))
                .on("h2", vm("a", 1).vcpus(8))
                .on("h3", vm("a", 2).vcpus(8));
        TestVm web = vm("web", 0).priority(50).vcpus(8);
        List<String> taken = LongStream.range(0, 30)
                .mapToObj(seed -> Cluster.Engine.shuffled(cluster, seed, new Random(seed))
                        .find(web)
                        .orElseThrow()
                        .hostId())
                .distinct()
                .toList();
        assertThat(taken).containsExactlyInAnyOrder("id-h1", "id-h2", "id-h3");
    }

    // ---- rules

    @Test
    void aHostThatARuleRemovesHoweverEmptyIsLeftAlone() {
        cluster.with(
                        host("h1").cordoned(),
                        host("h2").label("disk", "hdd"),
                        host("h3").cpus(4),
                        host("h4").label("disk", "ssd"))
                .on("h1", vm("a", 0).vcpus(8))
                .on("h2", vm("a", 1).vcpus(8))
                .on("h3", vm("a", 2).vcpus(4))
                .on("h4", vm("b", 0).priority(40).vcpus(8));
        Preemption found =
                find(vm("web", 0).priority(50).vcpus(8).require("disk", "ssd")).orElseThrow();
        assertThat(found.hostId()).isEqualTo("id-h4");
        assertThat(found.hostsTried()).isEqualTo(1);
    }

    @Test
    void aVmWhoseDisksAreOnOneHostIsMadeRoomForThereOnly() {
        cluster.with(host("h1"), host("h2"))
                .on("h1", vm("a", 0).priority(40).vcpus(8))
                .on("h2", vm("b", 0).priority(1).vcpus(8));
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(8).boundTo("h1", "root")))
                .contains("id-h1");
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(8).avoids("h2"))).contains("id-h1");
    }

    @Test
    void vmsThatKeepAwayFromTheRequestAreEndedIfAllAreOnThatHost() {
        cluster.with(
                        host("h1").label("rack", "r1"),
                        host("h2").label("rack", "r1"),
                        host("h3").label("rack", "r2"))
                .on("h1", vm("noisy", 0).vcpus(1))
                .on("h2", vm("noisy", 1).vcpus(1))
                .on(
                        "h3",
                        vm("noisy", 2).vcpus(1),
                        vm("noisy", 3).vcpus(1),
                        vm("calm", 0).priority(5));
        Preemption found =
                find(vm("web", 0).priority(50).awayFrom("noisy", "rack")).orElseThrow();
        assertThat(found.hostId()).isEqualTo("id-h3");
        assertThat(names(found)).containsExactlyInAnyOrder("noisy-2", "noisy-3");
    }

    @Test
    void theRuleBindsTheOtherSideToo() {
        cluster.with(host("h1"))
                .on(
                        "h1",
                        vm("shy", 0).vcpus(1).awayFrom("web", "host"),
                        vm("calm", 0).priority(5));
        assertThat(victims(vm("web", 0).priority(50))).containsExactly("shy-0");
    }

    @Test
    void noHostIsTakenWhereTheJobToBeNearIsNot() {
        cluster.with(host("h1"), host("h2"))
                .on("h1", vm("cache", 0).priority(90), vm("a", 0).priority(40).vcpus(7))
                .on("h2", vm("a", 1).priority(1).vcpus(8));
        assertThat(hostFor(vm("web", 0).priority(50).vcpus(7).near("cache", "host")))
                .contains("id-h1");
    }

    @Test
    void aSpreadJobGoesWhereItHasFewest() {
        cluster.with(
                        host("h1").label("rack", "r1"),
                        host("h2").label("rack", "r1"),
                        host("h3").label("rack", "r2"),
                        host("h4"))
                .on("h1", vm("web", 0).priority(50).vcpus(8))
                .on("h2", vm("a", 0).priority(1).vcpus(8))
                .on(
                        "h3",
                        vm("b", 0).priority(30).vcpus(4),
                        vm("b", 1).priority(30).vcpus(4))
                .on("h4", vm("a", 1).priority(1).vcpus(8));
        assertThat(hostFor(vm("web", 1).priority(50).vcpus(8).spread("rack", 1)))
                .contains("id-h3");
        assertThat(hostFor(vm("web", 1).priority(50).vcpus(8).spread("rack", 2)))
                .contains("id-h2");
    }

    @Test
    void aDomainWhereNobodyMayBeEndedHoldsNoSpreadJobBack() {
        cluster.with(
                        host("h1").label("rack", "r1"),
                        host("h2").label("rack", "r1"),
                        host("h3").label("rack", "r2"))
                .on("h1", vm("web", 0).priority(50).vcpus(8))
                .on("h2", vm("a", 0).priority(1).vcpus(8))
                .on("h3", vm("b", 0).priority(60).vcpus(8));
        assertThat(hostFor(vm("web", 1).priority(50).vcpus(8).spread("rack", 1)))
                .contains("id-h2");
    }

    @Test
    void anotherPartitionOfTheJobIsNotEnded() {
        cluster.with(host("h1").label("rack", "r1"), host("h2").label("rack", "r2"))
                .on("h1", vm("db", 0).priority(10).partitions(2, "rack").vcpus(1))
                .on("h2", vm("a", 0).priority(40).vcpus(8));
        assertThat(hostFor(vm("db", 1).priority(50).partitions(2, "rack"))).contains("id-h2");
    }

    @Test
    void aVmOfNumaNodesGetsWholeOnes() {
        cluster.with(host("h1").numaNodes(2))
                .on(
                        "h1",
                        vm("a", 0).vcpus(2).memoryMib(2_048).numaNodes(1),
                        vm("a", 1).vcpus(2).memoryMib(2_048).numaNodes(1),
                        vm("b", 0).priority(20).vcpus(2).memoryMib(2_048).numaNodes(1),
                        vm("b", 1).priority(20).vcpus(2).memoryMib(2_048).numaNodes(1));
        Preemption found = find(vm("web", 0)
                        .priority(50)
                        .vcpus(4)
                        .memoryMib(4_096)
                        .numaNodes(1))
                .orElseThrow();
        assertThat(found.victims()).hasSize(2);
        assertThat(found.numaNodes()).hasSize(1);
    }

    @Test
    void devicesAndHugepagesAreFreedToo() {
        cluster.with(host("h1").devices("gpu", 2).hugepages(PageSize.MIB_2, 4_096))
                .on(
                        "h1",
                        vm("plain", 0).priority(1).vcpus(1),
                        vm("gpu", 0).priority(20).devices("gpu", 2),
                        vm("huge", 0).priority(30).hugepages(PageSize.MIB_2).memoryMib(4_096));
        assertThat(victims(vm("web", 0).priority(50).devices("gpu", 1))).containsExactly("gpu-0");
        assertThat(victims(vm("web", 0).priority(50).hugepages(PageSize.MIB_2))).containsExactly("huge-0");
        assertThat(find(vm("web", 0).priority(50).devices("gpu", 3))).isEmpty();
    }

    @Test
    void diskSpaceIsFreedOnlyByVmsThatKeepNothing() {
        cluster.with(host("h1").pool("default", 1_000))
                .on(
                        "h1",
                        vm("keeps", 0).priority(1).disk("default", 500).keepingDisks(),
                        vm("drops", 0).priority(30).disk("default", 500));
        assertThat(victims(vm("web", 0).priority(50).disk("default", 400))).containsExactly("drops-0");
        assertThat(find(vm("web", 0).priority(50).disk("default", 600))).isEmpty();
    }

    // ---- what goes anyway, and places that are kept

    @Test
    void nobodyIsEndedWhereWaitingIsEnough() {
        TestVm going = vm("going", 0).priority(90).vcpus(8);
        cluster.with(host("h1"), host("h2"))
                .on("h1", going)
                .on("h2", vm("a", 0).priority(1).vcpus(8))
                .leaving(going);
        Preemption found = find(vm("web", 0).priority(50).vcpus(8)).orElseThrow();
        assertThat(found.hostId()).isEqualTo("id-h1");
        assertThat(found.victims()).isEmpty();
        assertThat(found.awaited()).containsExactly(going.id());
    }

    @Test
    void aVmThatGoesAnywayIsNoVictim() {
        TestVm going = vm("going", 0).vcpus(4);
        cluster.with(host("h1")).on("h1", going, vm("a", 0).vcpus(4)).leaving(going);
        assertThat(victims(vm("web", 0).priority(50).vcpus(8))).containsExactly("a-0");
    }

    @Test
    void aVmThatDoesNotGoAfterAllIsAVictimLikeAnyOther() {
        cluster.with(host("h1")).on("h1", vm("a", 0).vcpus(8));
        Cluster.Engine engine = cluster.engine();
        TestVm web = vm("web", 0).priority(50).vcpus(8);
        int instance = engine.instance(vm("a", 0).id());
        engine.inventory.leaves(instance);
        assertThat(engine.find(vm("low", 0).priority(5)).orElseThrow().victims())
                .isEmpty();
        engine.inventory.stays(instance);
        assertThat(engine.find(vm("low", 0).priority(5))).isEmpty();
        assertThat(names(engine.find(web).orElseThrow())).containsExactly("a-0");
    }

    // ---- the answer depends on nothing else

    @Test
    void theInventoryIsAsBefore() {
        cluster.with(host("h1").label("rack", "r1").numaNodes(2), host("h2").label("rack", "r2"))
                .on("h1", vm("a", 0).vcpus(4).memoryMib(4_096).numaNodes(2).awayFrom("web", "rack"), vm("b", 0))
                .on("h2", vm("c", 0).vcpus(8).awayFrom("web", "host"));
        Cluster.Engine engine = cluster.engine();
        String before = Fingerprint.of(engine);
        Optional<Preemption> first =
                engine.find(vm("web", 0).priority(50).vcpus(6).spread("rack", 1));
        assertThat(first).isPresent();
        assertThat(Fingerprint.of(engine)).isEqualTo(before);
        assertThat(engine.find(vm("web", 0).priority(50).vcpus(6).spread("rack", 1)))
                .isEqualTo(first);
    }

    @Test
    void whatChangesOnAHostIsSeen() {
        cluster.with(host("h1"))
                .on("h1", vm("a", 0).vcpus(4), vm("b", 0).priority(20).vcpus(4));
        Cluster.Engine engine = cluster.engine();
        TestVm web = vm("web", 0).priority(50).vcpus(4);
        assertThat(names(engine.find(web).orElseThrow())).containsExactly("a-0");
        engine.inventory.leaves(engine.instance(vm("a", 0).id()));
        assertThat(engine.find(web).orElseThrow().victims()).isEmpty();
        engine.inventory.release(engine.instance(vm("a", 0).id()));
        engine.inventory.place(engine.ask(vm("c", 0).priority(15).vcpus(4)), engine.host("h1"));
        assertThat(names(engine.find(web).orElseThrow())).containsExactly("c-0");
        engine.inventory.allow(new JobBudget(TestVm.job("c"), 1, 0, 0));
        assertThat(names(engine.find(web).orElseThrow())).containsExactly("b-0");
    }

    // ---- limits

    @Test
    void withLittleEffortAReprieveStillLeavesNobodyWhoIsNotNeeded() {
        cluster.with(host("h1").cpus(64));
        for (int i = 0; i < 16; i++) {
            cluster.on("h1", vm("a", i).priority(i).vcpus(i % 4 + 2).memoryMib(100));
        }
        TestVm web = vm("web", 0).priority(50).vcpus(40).memoryMib(100);
        Cluster.Engine poor = new Cluster.Engine(cluster, 1, new PreemptionLimits(64, 20, 20));
        Preemption found = poor.find(web).orElseThrow();
        List<UUID> gone = found.victims().stream().map(Victim::vmId).toList();
        assertThat(cluster.without(gone).engine().hasPlace(web)).isTrue();
        for (UUID kept : gone) {
            List<UUID> others = gone.stream().filter(vmId -> !vmId.equals(kept)).toList();
            assertThat(cluster.without(others).engine().hasPlace(web))
                    .as("without %s", cluster.vm(kept))
                    .isFalse();
        }
        Preemption best = cluster.engine().find(web).orElseThrow();
        assertThat(found.victims()).hasSize(best.victims().size());
    }

    @Test
    void whoeverIsNotNeededInASetMadeGreedilyIsReprieved() {
        cluster.with(host("h1").cpus(23).memoryMib(2_300))
                .on(
                        "h1",
                        vm("both", 0).priority(1).vcpus(5).memoryMib(500),
                        vm("cpu", 0).priority(2).vcpus(8).memoryMib(100),
                        vm("memory", 0).priority(3).vcpus(1).memoryMib(800),
                        vm("cpu", 1).priority(20).vcpus(8).memoryMib(100),
                        vm("memory", 1).priority(21).vcpus(1).memoryMib(800));
        Cluster.Engine poor = new Cluster.Engine(cluster, 1, new PreemptionLimits(64, 5, 5));
        Preemption found =
                poor.find(vm("web", 0).priority(50).vcpus(8).memoryMib(800)).orElseThrow();
        assertThat(names(found)).containsExactly("cpu-0", "memory-0");
    }

    @Test
    void noMoreHostsAreTriedThanAllowed() {
        for (int i = 0; i < 20; i++) {
            cluster.with(host("h" + i))
                    .on("h" + i, vm("a", i).vcpus(8).since(i))
                    .mayEnd("a", 1);
        }
        TestVm web = vm("web", 0).priority(50).vcpus(8).awayFrom("a", "host");
        Cluster.Engine engine = new Cluster.Engine(cluster, 1, new PreemptionLimits(3, 50_000, 5_000));
        assertThat(engine.find(web).orElseThrow().hostsTried()).isLessThanOrEqualTo(3);
        engine = new Cluster.Engine(cluster, 1, new PreemptionLimits(0, 50_000, 5_000));
        assertThat(engine.find(web)).isEmpty();
        assertThat(engine.preemptor.whyNot(engine.ask(web)).notTried()).isEqualTo(20);
    }

    private Optional<Preemption> find(TestVm vm) {
        Cluster.Engine engine = cluster.engine();
        assertThat(engine.hasPlace(vm)).as("no host passes without preemption").isFalse();
        return engine.find(vm);
    }

    private Optional<String> hostFor(TestVm vm) {
        return find(vm).map(Preemption::hostId);
    }

    private List<String> victims(TestVm vm) {
        return names(find(vm).orElseThrow());
    }

    private List<String> names(Preemption preemption) {
        return preemption.victims().stream()
                .map(victim -> victim.job().name() + "-" + victim.vmId().getLeastSignificantBits())
                .toList();
    }
}
