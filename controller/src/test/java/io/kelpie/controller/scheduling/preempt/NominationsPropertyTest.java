package io.kelpie.controller.scheduling.preempt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Requests preempt one after the other while their victims go at any time; a failure names the seed. */
class NominationsPropertyTest {
    @Test
    void whenTheVictimsAreGoneEveryKeptPlaceCanBeTakenAndNoHostHoldsMoreThanItHas() {
        int taken = 0;
        for (long seed = 0; seed < 200; seed++) {
            taken += new Story(seed).run();
        }
        assertThat(taken).isGreaterThan(200);
    }

    private static final class Story {
        private final long seed;
        private final Random random;
        private final Cluster cluster;
        private final Cluster.Engine engine;
        private final Nominations nominations;
        private final List<UUID> going = new ArrayList<>();
        private int taken;

        Story(long seed) {
            this.seed = seed;
            random = new Random(seed);
            cluster = new RandomPlaces(seed, false).cluster();
            engine = new Cluster.Engine(cluster, seed, PreemptionLimits.DEFAULT);
            nominations = new Nominations(engine.inventory);
            going.addAll(cluster.leaving);
        }

        int run() {
            RandomPlaces requests = new RandomPlaces(-seed, false);
            for (int i = 0; i < 12; i++) {
                arrive(requests, i);
                while (!going.isEmpty() && random.nextBoolean()) {
                    UUID gone = going.remove(random.nextInt(going.size()));
                    engine.end(cluster.vm(gone));
                }
                nominations.all().forEach(this::takeIfFree);
            }
            going.forEach(vmId -> engine.end(cluster.vm(vmId)));
            nominations.all().forEach(this::takeIfFree);
            assertThat(nominations.all()).as("seed %d", seed).isEmpty();
            checkRoom();
            return taken;
        }

        private void arrive(RandomPlaces requests, int number) {
            int rules = random.nextInt(RandomPlaces.RULES);
            TestVm vm = requests.request("r" + rules, number, rules).priority(20 + random.nextInt(60));
            if (engine.hasPlace(vm)) {
                engine.inventory.place(engine.ask(vm), engine.search.best(engine.ask(vm)));
                return;
            }
            Optional<Preemption> found = engine.find(vm);
            if (found.isPresent()) {
                Preemption preemption = found.get();
                // VMs that came by a request are not in the cluster's list: they stay
                if (preemption.victims().stream().allMatch(victim -> engine.isThere(victim.vmId()))) {
                    nominations.nominate(vm.request(), preemption, Long.MAX_VALUE);
                    preemption.victims().forEach(victim -> going.add(victim.vmId()));
                }
            }
        }

        private void takeIfFree(Nomination nomination) {
            nominations.drop(nomination.request().vmId());
            Inventory inventory = engine.inventory;
            int host = engine.search.best(inventory.ask(nomination.request()));
            if (host == HostTable.UNKNOWN) {
                assertThat(going)
                        .as("seed %d: %s waits for somebody", seed, nomination)
                        .isNotEmpty();
                nominations.keep(nomination);
            } else {
                inventory.place(inventory.ask(nomination.request()), host);
                taken++;
            }
        }

        private void checkRoom() {
            HostTable hosts = engine.inventory.hosts();
            for (int host = 0; host < hosts.limit(); host++) {
                String as = "seed " + seed + ", " + hosts.view(host).name();
                assertThat(hosts.freeVcpus(host)).as(as).isNotNegative();
                assertThat(hosts.freeMemoryMib(host)).as(as).isNotNegative();
                assertThat(hosts.freeHugepagesMib(host, PageSize.MIB_2)).as(as).isNotNegative();
                assertThat(hosts.freePoolMib(host, hosts.poolIndex("default")))
                        .as(as)
                        .isNotNegative();
                assertThat(hosts.freeDevices(host, hosts.deviceIndex("gpu")))
                        .as(as)
                        .isNotNegative();
                for (int node = 0; node < hosts.numaNodes(host); node++) {
                    assertThat(hosts.numaFreeVcpus(host, node)).as(as).isNotNegative();
                    assertThat(hosts.numaFreeMemoryMib(host, node)).as(as).isNotNegative();
                }
            }
        }
    }
}
