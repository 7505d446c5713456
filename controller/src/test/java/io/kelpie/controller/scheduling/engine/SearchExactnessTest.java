package io.kelpie.controller.scheduling.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RandomCluster;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The search finds the host that a look at every host finds; a failure names the seed. */
class SearchExactnessTest {
    @Test
    void onFewHosts() {
        int placed = 0;
        for (long seed = 0; seed < 300; seed++) {
            RandomCluster random = new RandomCluster(seed);
            placed += compare(random, random.snapshot(20), random.policy(), seed, 40, 20);
        }
        assertThat(placed).isGreaterThan(1_000);
    }

    @Test
    void onMoreHostsThanAreLookedAtOneByOne() {
        int placed = 0;
        for (long seed = 0; seed < 40; seed++) {
            RandomCluster random = new RandomCluster(seed);
            placed += compare(random, random.snapshot(150), random.policy(), seed, 120, 150);
        }
        assertThat(placed).isGreaterThan(1_000);
    }

    @ParameterizedTest
    @EnumSource(Packing.class)
    void onHostsOfWhichManyAreEqual(Packing packing) {
        int placed = 0;
        for (long seed = 0; seed < 30; seed++) {
            RandomCluster random = new RandomCluster(seed);
            int overcommit = List.of(100, 150, 400, 1_600).get(random.below(4));
            SchedulingPolicy policy = new SchedulingPolicy(overcommit, packing, 0, 30, 5, NPlusOne.OFF);
            placed += compare(random, uniform(random, 200), policy, seed, 150, 200);
        }
        assertThat(placed).isGreaterThan(1_000);
    }

    /** The last answer is tried first for the next VM of the same kind. */
    @Test
    void forVmsOfOneKindOneAfterAnother() {
        int placed = 0;
        for (long seed = 0; seed < 60; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = new SchedulingPolicy(200, Packing.PACK, 3, 30, 5, NPlusOne.OFF);
            Inventory inventory = new Inventory(policy, seed, Reservation::of);
            uniform(random, 40).hosts().forEach(inventory::put);
            Search search = new Search(inventory);
            BruteForce bruteForce = new BruteForce(inventory);
            List<Integer> live = new ArrayList<>();
            for (int kind = 0; kind < 30; kind++) {
                int vcpus = 1 + random.below(3);
                long memoryMib = 256L << random.below(5);
                for (int vm = 0; vm < 6; vm++) {
                    Ask ask = inventory.ask(TestVm.vm(kind * 6 + vm)
                            .vcpus(vcpus)
                            .memoryMib(memoryMib)
                            .request());
                    int best = search.best(ask);
                    assertThat(best)
                            .as("seed %d, kind %d, VM %d", seed, kind, vm)
                            .isEqualTo(bruteForce.best(ask));
                    if (best != HostTable.UNKNOWN) {
                        live.add(inventory.place(ask, best));
                        placed++;
                    }
                    int chance = random.below(8);
                    if (chance == 0 && !live.isEmpty()) {
                        inventory.release(live.remove(random.below(live.size())));
                    } else if (chance < 4 && !live.isEmpty()) {
                        inventory.started(live.get(random.below(live.size())));
                    }
                }
            }
        }
        assertThat(placed).isGreaterThan(1_000);
    }

    /** What concerns one VM of a job need not concern the next. */
    @Test
    void forVmsOfOneJobEachWithSomethingOfItsOwn() {
        int placed = 0;
        for (long seed = 0; seed < 40; seed++) {
            RandomCluster random = new RandomCluster(seed);
            SchedulingPolicy policy = new SchedulingPolicy(200, Packing.PACK, 3, 30, 5, NPlusOne.OFF);
            Inventory inventory = new Inventory(policy, seed, Reservation::of);
            uniform(random, 80).hosts().forEach(inventory::put);
            Search search = new Search(inventory);
            BruteForce bruteForce = new BruteForce(inventory);
            String last = "h0";
            for (int vm = 0; vm < 60; vm++) {
                String job = "web-" + vm / 12;
                TestVm next = TestVm.vm(job, vm % 12).size(2, 4_096);
                PlacementRequest request = switch (random.below(5)) {
                    case 0 -> next.avoids(last).request();
                    case 1 -> next.boundTo("h" + random.below(80), "data").request();
                    case 2 -> TestVm.vm("stranger", vm).awayFrom(job, "host").request();
                    default -> next.request();
                };
                Ask ask = inventory.ask(request);
                int best = search.best(ask);
                assertThat(best).as("seed %d, VM %d: %s", seed, vm, request).isEqualTo(bruteForce.best(ask));
                if (best != HostTable.UNKNOWN) {
                    inventory.place(ask, best);
                    last = inventory.hosts().view(best).name();
                    placed++;
                }
            }
        }
        assertThat(placed).isGreaterThan(1_000);
    }

    /** In MiB the amounts of such hosts are finer than the cost can tell. */
    @ParameterizedTest
    @EnumSource(Packing.class)
    void onVeryLargeHosts(Packing packing) {
        for (long seed = 0; seed < 30; seed++) {
            RandomCluster random = new RandomCluster(seed);
            List<HostView> hosts = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                hosts.add(TestHost.host("h" + i)
                        .cpus(1_024)
                        .memoryMib(24L * 1_024 * 1_024)
                        .usedVcpus(random.below(3))
                        .usedMemoryMib(random.below(4))
                        .view());
            }
            SchedulingPolicy policy = new SchedulingPolicy(10_000, packing, 0, 30, 5, NPlusOne.OFF);
            Inventory inventory = new Inventory(policy, seed, Reservation::of);
            hosts.forEach(inventory::put);
            Search search = new Search(inventory);
            BruteForce bruteForce = new BruteForce(inventory);
            for (int i = 0; i < 50; i++) {
                Ask ask = inventory.ask(TestVm.vm(i)
                        .vcpus(1 + random.below(100))
                        .memoryMib(1 + random.below(1_000_000))
                        .request());
                int best = search.best(ask);
                assertThat(best).as("seed %d, request %d", seed, i).isEqualTo(bruteForce.best(ask));
                inventory.place(ask, best);
            }
        }
    }

    /** Hosts of two kinds in racks and zones, empty at first. */
    private static ClusterSnapshot uniform(RandomCluster random, int count) {
        List<HostView> hosts = new ArrayList<>();
        int racks = 4 + random.below(16);
        for (int i = 0; i < count; i++) {
            TestHost host = TestHost.host("h" + i)
                    .cpus(i % 3 == 0 ? 16 : 8)
                    .memoryMib(i % 3 == 0 ? 65_536 : 16_384)
                    .rack("r" + i % racks)
                    .zone("abc".substring(i % 3, i % 3 + 1))
                    .label("disk", i % 2 == 0 ? "ssd" : "hdd")
                    .cpuModels("EPYC", "Skylake")
                    .numaNode(4, 8_192)
                    .numaNode(4, 8_192);
            if (i % 20 == 0) {
                host.devices("gpu", 4);
            }
            hosts.add(host.view());
        }
        return RandomCluster.snapshot(hosts, List.of());
    }

    /** Compares while VMs come and go; returns how many were placed. */
    private static int compare(
            RandomCluster random, ClusterSnapshot snapshot, SchedulingPolicy policy, long seed, int steps, int hosts) {
        Inventory inventory = new Inventory(policy, seed, Reservation::of);
        snapshot.hosts().forEach(inventory::put);
        snapshot.instances().forEach(inventory::count);
        Search search = new Search(inventory);
        BruteForce bruteForce = new BruteForce(inventory);
        List<Integer> live = new ArrayList<>();
        int placed = 0;
        for (int step = 0; step < steps; step++) {
            PlacementRequest request = random.request(hosts);
            Ask ask = inventory.ask(request);
            int best = search.best(ask);
            int decided = ask.decidedSpreads();
            List<Integer> floors = new ArrayList<>();
            for (int i = 0; i < decided; i++) {
                floors.add(ask.floor(i));
            }
            if (best != HostTable.UNKNOWN) {
                assertThat(search.points(best))
                        .as("seed %d, step %d", seed, step)
                        .isBetween(0, 100);
            }
            assertThat(name(inventory, best))
                    .as("seed %d, step %d: %s", seed, step, request)
                    .isEqualTo(name(inventory, bruteForce.best(ask)));
            assertThat(ask.decidedSpreads()).as("seed %d, step %d", seed, step).isEqualTo(decided);
            for (int i = 0; i < decided; i++) {
                assertThat(ask.floor(i)).as("seed %d, step %d", seed, step).isEqualTo(floors.get(i));
            }
            if (best != HostTable.UNKNOWN) {
                live.add(inventory.place(ask, best));
                placed++;
            }
            if (live.size() > 20 && random.below(3) == 0) {
                inventory.release(live.remove(random.below(live.size())));
            }
        }
        return placed;
    }

    private static String name(Inventory inventory, int host) {
        return host == HostTable.UNKNOWN ? "none" : inventory.hosts().view(host).name();
    }
}
