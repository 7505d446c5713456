package io.kelpie.controller.scheduling.failover;

import static io.kelpie.controller.scheduling.TestHost.named;
import static io.kelpie.controller.scheduling.failover.Cluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.HostTrial;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackupsTest {
    @Test
    void hostsShareTheRoomThatIsKeptForThem() {
        Cluster cluster = enforced(
                named("a").size(4, 8000), named("b").size(4, 8000), named("c").size(4, 9000));

        Placed onA = cluster.placeOn("a", vm("one").size(4, 8000));
        Placed onB = cluster.placeOn("b", vm("two").size(4, 8000));

        assertThat(cluster.backup(onA)).contains("c");
        assertThat(cluster.backup(onB)).contains("c");
        assertThat(room(cluster, "c")).isEqualTo(1000);
    }

    @Test
    void theHostThatHasToKeepLeastMoreIsTheBackup() {
        Cluster cluster = enforced(
                named("a").size(4, 8000),
                named("b").size(3, 5000),
                named("c"),
                named("tight").size(4, 4000));
        cluster.placeOn("a", vm("large").size(4, 8000));

        Placed small = cluster.placeOn("b", vm("small").size(2, 4000));

        assertThat(cluster.backup(small)).contains("c");
        assertThat(room(cluster, "tight")).isEqualTo(4000);
    }

    @Test
    void theTightestOfThoseThatKeepNothingIsTheBackup() {
        Cluster cluster = enforced(named("a"), named("b"), named("tight").size(4, 4000), named("c"));

        assertThat(cluster.backup(cluster.placeOn("a", vm("one").size(2, 3000))))
                .contains("tight");
    }

    @Test
    void aNewVmTakesNoKeptRoom() {
        Cluster cluster = enforced(named("a").size(4, 8000), named("b").size(4, 8000));
        assertThat(cluster.place(vm("one").size(4, 8000))).isPresent();

        assertThat(cluster.place(vm("two").size(1, 1000))).isEmpty();
    }

    @Test
    void aNewVmIsRefusedIfItWouldHaveNoBackup() {
        Cluster cluster = enforced(named("a").devices("gpu", 1), named("b"));

        assertThat(cluster.place(vm("one").devices("gpu", 1))).isEmpty();
        cluster.put(named("c").devices("gpu", 1));
        assertThat(cluster.place(vm("one").devices("gpu", 1))).isPresent();
    }

    @Test
    void oneHostAloneTakesOnlyWhatIsLeftThereAnyway() {
        Cluster cluster = enforced(named("a"));

        assertThat(cluster.place(vm("restarted"))).isEmpty();
        assertThat(cluster.place(vm("left").left())).isPresent();
        assertThat(cluster.backups().unprotected()).isZero();
    }

    @Test
    void aVmThatIsLeftOnItsHostTakesNoKeptRoomEither() {
        Cluster cluster = enforced(named("a").size(4, 8000), named("b").size(4, 8000));
        assertThat(cluster.place(vm("one").size(4, 8000))).isPresent();

        assertThat(cluster.place(vm("left").left())).isEmpty();
    }

    @Test
    void aVmThatComesBackTakesKeptRoom() {
        Cluster cluster = enforced(named("a").size(4, 8000), named("b").size(4, 8000));
        cluster.placeOn("a", vm("one").size(4, 8000));
        assertThat(cluster.place(vm("two").size(4, 8000))).isEmpty();

        Optional<Placed> back = cluster.place(vm("two").size(4, 8000).returning());

        assertThat(back.map(Placed::host)).contains("b");
        assertThat(cluster.backups().unprotected()).isEqualTo(2);
    }

    @Test
    void theVmsOfALostHostComeBackOnTheirBackups() {
        Cluster cluster = enforced(named("a"), named("b"), named("c"), named("d"));
        int count = 0;
        while (cluster.place(vm("j" + count).size(1 + count % 3, 1000 + 700 * (count % 5)))
                .isPresent()) {
            count++;
        }
        List<Placed> victims =
                cluster.placed().stream().filter(vm -> vm.host().equals("b")).toList();
        List<String> backups =
                victims.stream().map(vm -> cluster.backup(vm).orElseThrow()).toList();
        cluster.put(named("b").cordoned());
        victims.forEach(cluster::release);

        assertThat(victims).hasSizeGreaterThan(2);
        for (int i = 0; i < victims.size(); i++) {
            TestVm again = vm(victims.get(i).job().name())
                    .size(victims.get(i).size().vcpus(), victims.get(i).size().memoryMib())
                    .returning()
                    .prefers(backups.get(i));
            assertThat(cluster.place(again).map(Placed::host)).contains(backups.get(i));
        }
    }

    @Test
    void aVmThatComesBackTakesKeptRoomOnlyIfThereIsNoOther() {
        Cluster cluster = enforced(
                named("a").size(4, 8000), named("b").size(4, 8000), named("c").size(8, 16_000));
        cluster.placeOn("a", vm("one").size(4, 8000));
        assertThat(room(cluster, "b")).isZero();

        assertThat(cluster.place(vm("two").size(2, 2000).returning()).map(Placed::host))
                .contains("c");
        assertThat(cluster.backups().unprotected()).isZero();
    }

    @Test
    void warnPlacesAnywayAndTellsWhichVmsHaveNoBackup() {
        Cluster cluster =
                new Cluster(NPlusOne.WARN, named("a").size(4, 8000), named("b").size(4, 8000));
        Placed one = cluster.placeOn("a", vm("one").size(4, 8000));
        assertThat(cluster.backups().unprotected()).isZero();

        Placed two = cluster.place(vm("two")).orElseThrow();
        cluster.backups().settle();
        assertThat(two.host()).isEqualTo("b");
        assertThat(cluster.backups().unprotected()).isEqualTo(2);

        cluster.release(two);
        assertThat(cluster.backup(one)).contains("b");
        assertThat(cluster.backups().unprotected()).isZero();
    }

    @Test
    void warnKeepsRoomAsLongAsThereIsOther() {
        Cluster cluster = new Cluster(
                NPlusOne.WARN,
                named("a").size(4, 8000),
                named("b").size(4, 8000),
                named("c").size(8, 16_000));
        cluster.placeOn("a", vm("one").size(4, 8000));

        assertThat(cluster.place(vm("two")).map(Placed::host)).contains("c");
    }

    @Test
    void whenAVmGoesItsRoomIsKeptNoLonger() {
        Cluster cluster = enforced(named("a").size(4, 8000), named("b").size(4, 8000));
        Placed large = cluster.placeOn("a", vm("one").size(3, 6000));
        cluster.placeOn("a", vm("two").size(1, 1000));
        assertThat(room(cluster, "b")).isEqualTo(1000);

        cluster.release(large);

        assertThat(room(cluster, "b")).isEqualTo(7000);
    }

    @Test
    void whatKeepsVmsApartIsJudgedWithoutTheLostHost() {
        Cluster cluster = enforced(named("a"), named("b"), named("c"));

        Placed first = cluster.place(vm("j", 0).awayFrom("j", "host")).orElseThrow();
        Placed second = cluster.place(vm("j", 1).awayFrom("j", "host")).orElseThrow();

        assertThat(cluster.backup(first)).isEqualTo(cluster.backup(second)).isPresent();
        assertThat(cluster.place(vm("j", 2).awayFrom("j", "host"))).isEmpty();
    }

    @Test
    void aVmMayGoWhereABackupIsIfThatCanBeElsewhere() {
        Cluster cluster = enforced(named("a"), named("b"), named("c"));
        Placed first = cluster.placeOn("a", vm("j", 0).awayFrom("j", "host"));
        String before = cluster.backup(first).orElseThrow();

        cluster.placeOn(before, vm("j", 1).awayFrom("j", "host"));

        assertThat(cluster.backup(first)).contains(before.equals("b") ? "c" : "b");
        assertThat(LossChecker.check(cluster)).isEmpty();
        assertThat(Books.check(cluster)).isEmpty();
    }

    @Test
    void aVmThatOthersKeepAwayFromMovesTheirBackup() {
        Cluster cluster = enforced(named("a"), named("b"), named("c"));
        Placed shy = cluster.placeOn("a", vm("shy").awayFrom("loud", "host"));
        String before = cluster.backup(shy).orElseThrow();

        cluster.placeOn(before, vm("loud"));

        assertThat(cluster.backup(shy)).isPresent().isNotEqualTo(Optional.of(before));
        assertThat(LossChecker.check(cluster)).isEmpty();
    }

    @Test
    void aGroupHasItsBackupTogether() {
        Cluster cluster = enforced(named("a"), named("small").size(2, 2000), named("c"));
        Placed first = cluster.placeOn("a", vm("g", 0).near("g", "host"));
        assertThat(cluster.backup(first)).contains("small");
        Placed second = cluster.placeOn("a", vm("g", 1).near("g", "host"));
        assertThat(cluster.backup(second)).contains("small");

        Placed third = cluster.placeOn("a", vm("g", 2).near("g", "host"));

        assertThat(cluster.backup(first)).contains("c");
        assertThat(cluster.backup(second)).contains("c");
        assertThat(cluster.backup(third)).contains("c");
        assertThat(Books.check(cluster)).isEmpty();
    }

    @Test
    void aVmStaysNearThoseThatAreLeft() {
        Cluster cluster = enforced(
                named("a1").label("rack", "a"),
                named("a2").label("rack", "a"),
                named("a3").label("rack", "a"),
                named("b").label("rack", "b").size(4, 4000));
        Placed first = cluster.placeOn("a1", vm("g", 0).near("g", "rack"));
        Placed second = cluster.placeOn("a2", vm("g", 1).near("g", "rack"));

        assertThat(cluster.backup(first).orElseThrow()).startsWith("a");
        assertThat(cluster.backup(second).orElseThrow()).startsWith("a");
    }

    @Test
    void spreadIsMetWithTheVmsThatStay() {
        Cluster cluster = enforced(
                named("a1").label("rack", "a"),
                named("a2").label("rack", "a"),
                named("b1").label("rack", "b"),
                named("b2").label("rack", "b"));
        Placed first = cluster.placeOn("a1", vm("j", 0).spread("rack", 1));
        Placed second = cluster.placeOn("b1", vm("j", 1).spread("rack", 1));

        assertThat(cluster.backup(first)).contains("a2");
        assertThat(cluster.backup(second)).contains("b2");
    }

    @Test
    void spreadYieldsWhereThereIsNoRoom() {
        Cluster cluster = enforced(named("a1").label("rack", "a"), named("b1").label("rack", "b"));
        Placed first = cluster.placeOn("a1", vm("j", 0).spread("rack", 1));
        Placed second = cluster.placeOn("b1", vm("j", 1).spread("rack", 1));

        assertThat(cluster.backup(first)).contains("b1");
        assertThat(cluster.backup(second)).contains("a1");
    }

    @Test
    void partitionsStayApart() {
        Cluster cluster = enforced(
                named("a1").label("rack", "a"),
                named("a2").label("rack", "a").size(9, 17_000),
                named("b1").label("rack", "b"),
                named("b2").label("rack", "b"));
        Placed first = cluster.placeOn("a1", vm("j", 0).partitions(2, "rack"));
        cluster.placeOn("b1", vm("j", 1).partitions(2, "rack"));

        assertThat(cluster.backup(first)).contains("a2");
    }

    @Test
    void aCordonedBackupIsReplaced() {
        Cluster cluster = enforced(named("a"), named("b").size(4, 4000), named("c"));
        Placed vm = cluster.placeOn("a", vm("one"));
        assertThat(cluster.backup(vm)).contains("b");

        cluster.put(named("b").size(4, 4000).cordoned());
        assertThat(cluster.backup(vm)).contains("c");

        cluster.put(named("c").cordoned());
        assertThat(cluster.backup(vm)).isEmpty();
        assertThat(cluster.backups().unprotected()).isEqualTo(1);

        cluster.put(named("b").size(4, 4000));
        assertThat(cluster.backup(vm)).contains("b");
    }

    @Test
    void aBackupThatIsRemovedOrShrinksIsReplaced() {
        Cluster cluster = enforced(named("a"), named("b").size(4, 4000), named("c"));
        Placed vm = cluster.placeOn("a", vm("one"));

        cluster.put(named("b").size(4, 500));
        assertThat(cluster.backup(vm)).contains("c");

        cluster.remove("c");
        assertThat(cluster.backup(vm)).isEmpty();
        assertThat(Books.check(cluster)).isEmpty();
    }

    @Test
    void devicesHugepagesAndDisksAreKeptToo() {
        Cluster cluster = enforced(
                named("a").devices("gpu", 2).hugepages(PageSize.MIB_2, 4096),
                named("b").devices("gpu", 2).hugepages(PageSize.MIB_2, 4096),
                named("c").pool("default", 1000),
                named("d").pool("default", 100));
        assertThat(cluster.place(vm("gpu", 0).devices("gpu", 2))).isPresent();
        assertThat(cluster.place(vm("gpu", 1).devices("gpu", 1))).isEmpty();

        assertThat(cluster.place(vm("huge", 0).memoryMib(4096).hugepages(PageSize.MIB_2)))
                .isPresent();
        assertThat(cluster.place(vm("huge", 1).memoryMib(512).hugepages(PageSize.MIB_2)))
                .isEmpty();

        assertThat(cluster.place(vm("disk", 0).disk("default", 102_400))).isPresent();
        assertThat(cluster.place(vm("disk", 1).disk("default", 102_400))).isEmpty();
        assertThat(Books.check(cluster)).isEmpty();
        assertThat(LossChecker.check(cluster)).isEmpty();
    }

    @Test
    void numaNodesAreKept() {
        Cluster cluster = enforced(
                named("a").numaNodes(2), named("b").numaNodes(2), named("c").size(16, 32_000));
        Placed first = cluster.placeOn("a", vm("one").size(4, 8000).numaNodes(1));
        Placed second = cluster.placeOn("a", vm("two").size(4, 8000).numaNodes(1));

        assertThat(cluster.backup(first)).contains("b");
        assertThat(cluster.backup(second)).contains("b");
        assertThat(cluster.backups().numaMask(first.instance())
                        | cluster.backups().numaMask(second.instance()))
                .isEqualTo(0b11);
        assertThat(cluster.place(vm("three").numaNodes(1))).isEmpty();
    }

    @Test
    void aClaimHasItsBackupUntilItIsGivenUp() {
        Cluster cluster = enforced(named("a").size(4, 8000), named("b").size(4, 8000));
        Inventory inventory = cluster.inventory();

        int claim = inventory.claim(inventory.ask(vm("one").size(2, 3000).request()), index(cluster, "a"), List.of());
        assertThat(inventory.backupOf(claim)).isEqualTo(index(cluster, "b"));
        assertThat(room(cluster, "b")).isEqualTo(5000);

        inventory.release(claim);
        assertThat(room(cluster, "b")).isEqualTo(8000);
        assertThat(cluster.backups().unprotected()).isZero();
    }

    @Test
    void aTrialTakesNoKeptRoom() {
        Cluster cluster = enforced(
                named("a").size(4, 8000), named("b").size(8, 16_000), named("c").size(8, 16_000));
        String backup =
                cluster.backup(cluster.placeOn("a", vm("one").size(4, 8000))).orElseThrow();
        HostTrial trial = new HostTrial(cluster.inventory(), new Search(cluster.inventory()));
        Ask ask = cluster.inventory().ask(vm("two").size(5, 9000).request());

        trial.open(index(cluster, backup));
        assertThat(trial.passesButSpread(ask)).isFalse();
        trial.close();

        trial.open(index(cluster, backup.equals("b") ? "c" : "b"));
        assertThat(trial.passesButSpread(ask)).isTrue();
        trial.close();
        assertThat(Books.check(cluster)).isEmpty();
    }

    @Test
    void nothingIsKeptForOneThatIsSetAside() {
        Cluster cluster = enforced(named("a").size(4, 8000), named("b").size(4, 8000));
        Placed victim = cluster.placeOn("a", vm("one").size(4, 8000));
        HostTrial trial = new HostTrial(cluster.inventory(), new Search(cluster.inventory()));
        Ask ask = cluster.inventory().ask(vm("two").size(4, 8000).request());

        trial.open(index(cluster, "a"));
        trial.setAside(victim.instance());
        assertThat(trial.passesButSpread(ask)).isTrue();
        trial.putBack(victim.instance());
        assertThat(trial.passesButSpread(ask)).isFalse();
        trial.setAside(victim.instance());
        trial.close();

        assertThat(cluster.backupNow(victim)).contains("b");
        assertThat(Books.check(cluster)).isEmpty();
    }

    @Test
    void whatIsBuiltFromASnapshotDoesNotDependOnItsOrder() {
        SplittableRandom random = new SplittableRandom(3);
        Cluster cluster = new Cluster(NPlusOne.WARN);
        for (int i = 0; i < 12; i++) {
            cluster.put(named("h" + i).size(8 + i % 3, 16_000).label("rack", "r" + i % 4));
        }
        for (int i = 0; i < 36; i++) {
            TestVm vm = vm("j" + i / 3, i % 3).size(1 + random.nextInt(3), 500 * (1 + random.nextInt(6)));
            cluster.place(i % 4 == 0 ? vm.awayFrom("j" + i / 3, "rack") : vm);
        }
        ClusterSnapshot snapshot = cluster.snapshot();
        List<HostView> hosts = new ArrayList<>(snapshot.hosts());
        List<InstanceView> instances = new ArrayList<>(snapshot.instances());
        Map<String, String> straight = backups(new ClusterSnapshot(hosts, instances));
        Collections.reverse(hosts);
        Collections.reverse(instances);

        assertThat(straight).hasSizeGreaterThan(25);
        assertThat(backups(new ClusterSnapshot(hosts, instances))).isEqualTo(straight);
    }

    private static Map<String, String> backups(ClusterSnapshot snapshot) {
        Inventory inventory = new Inventory(Cluster.POLICY.withNPlusOne(NPlusOne.ENFORCE), 7, Cluster::sizing);
        snapshot.hosts().forEach(inventory::put);
        Map<String, Integer> numbers = new HashMap<>();
        for (InstanceView instance : snapshot.instances()) {
            numbers.put(instance.job() + "-" + instance.ordinal(), inventory.count(instance));
        }
        inventory.reserve().settle();
        Map<String, String> backups = new HashMap<>();
        numbers.forEach((vm, number) -> {
            if (inventory.backupOf(number) != HostTable.UNKNOWN) {
                backups.put(
                        vm, inventory.hosts().view(inventory.backupOf(number)).id());
            }
        });
        return backups;
    }

    @Test
    void aKnownBackupIsTakenAgain() {
        Cluster cluster = enforced(named("a"), named("b"), named("c"), named("d"));
        Placed vm = cluster.placeOn("a", vm("one"));
        String usual = cluster.backup(vm).orElseThrow();
        String other = usual.equals("b") ? "c" : "b";
        InstanceView view = cluster.snapshot().instances().get(0);
        InstanceView known = view.backedUpOn(Optional.of(other));

        assertThat(backups(new ClusterSnapshot(cluster.snapshot().hosts(), List.of(known))))
                .containsEntry("shop/one-0", other);
    }

    @Test
    void fewHostsAreLookedAtForABackup() {
        Cluster cluster = new Cluster(NPlusOne.ENFORCE);
        for (int i = 0; i < 1000; i++) {
            cluster.put(named("h" + i).size(32, 64_000).label("rack", "r" + i / 20));
        }
        SplittableRandom random = new SplittableRandom(5);
        int count = 3000;
        for (int i = 0; i < count; i++) {
            TestVm vm = vm("j" + i / 4, i % 4).size(1 << random.nextInt(4), 1000 << random.nextInt(5));
            assertThat(cluster.place(i / 4 % 3 == 0 ? vm.awayFrom("j" + i / 4, "host") : vm))
                    .isPresent();
        }

        assertThat(cluster.backups().examined()).isLessThan(20L * count);
        assertThat(cluster.backups().unprotected()).isZero();
    }

    private static Cluster enforced(TestHost... hosts) {
        return new Cluster(NPlusOne.ENFORCE, hosts);
    }

    private static long room(Cluster cluster, String host) {
        return cluster.inventory().hosts().roomMemoryMib(index(cluster, host));
    }

    private static int index(Cluster cluster, String host) {
        return cluster.inventory().hosts().hostIndex(host);
    }
}
