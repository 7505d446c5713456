package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.queue.QueueCluster.host;
import static io.kelpie.controller.scheduling.queue.QueueCluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestHost;
import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.engine.HostCheck;
import io.kelpie.controller.scheduling.queue.QueueFacts.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Random clusters and events from seeds, every rule among them; a failure names the seed and the step. */
class QueueWakeupPropertyTest {
    /** Second looks without a reason would hide a wake-up that is missing. */
    private static final QueueSettings NO_SECOND_LOOK = new QueueSettings(Long.MAX_VALUE / 2, 1, 1_000_000);

    /**
     * After each tick no VM in the queue that has not to wait could be placed, which the engine says that is asked for
     * every one of them; and none is lost.
     */
    @Test
    void noVmIsLeftThatCouldBePlaced() {
        int placed = 0;
        int blocked = 0;
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            QueueCluster cluster = new QueueCluster(random.nextInt(2) * 3, NO_SECOND_LOOK);
            Scenario scenario = new Scenario(cluster, random);
            for (int step = 0; step < 100; step++) {
                String event = scenario.step();
                cluster.now += random.nextInt(4);
                cluster.tick();
                assertThat(cluster.queue.counts().vms()).isEqualTo(cluster.waiting.size());
                for (WaitingVm vm : cluster.waiting.values()) {
                    QueueFacts facts = cluster.queue.facts(vm.request().vmId()).orElseThrow();
                    assertThat(facts.state()).isNotEqualTo(State.READY);
                    if (facts.state() == State.WAITING) {
                        assertThat(vm.notBeforeMillis()).isGreaterThan(cluster.now);
                    } else {
                        blocked++;
                        assertThat(cluster.couldBePlaced(vm))
                                .as("seed %d, step %d: after %s, %s", seed, step, event, vm)
                                .isFalse();
                    }
                }
            }
            placed += cluster.placed.size();
        }
        assertThat(placed).as("the scenarios have room").isGreaterThan(2_000);
        assertThat(blocked).as("and too little of it").isGreaterThan(20_000);
    }

    /** What is checked on one host agrees with the search over all. */
    @Test
    void theSearchFindsAHostExactlyIfOnePasses() {
        int found = 0;
        int vain = 0;
        for (long seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            QueueCluster cluster = new QueueCluster(random.nextInt(2) * 3, NO_SECOND_LOOK);
            Scenario scenario = new Scenario(cluster, random);
            for (int step = 0; step < 60; step++) {
                scenario.step();
                for (WaitingVm vm : cluster.waiting.values()) {
                    HostCheck check = new HostCheck(cluster.inventory, vm.requestAt(cluster.now));
                    boolean passes = cluster.hosts.keySet().stream().anyMatch(check::passes);
                    assertThat(cluster.couldBePlaced(vm))
                            .as("seed %d, step %d, %s", seed, step, vm)
                            .isEqualTo(passes);
                    found += passes ? 1 : 0;
                    vain += passes ? 0 : 1;
                }
                cluster.now += random.nextInt(4);
                cluster.tick();
            }
        }
        assertThat(found).isGreaterThan(1_000);
        assertThat(vain).isGreaterThan(3_000);
    }

    /** Where no rule is about other VMs, whoever is set free by an event finds a place: nobody is tried in vain. */
    @Test
    void eventsOfHostsSetNobodyFreeInVain() {
        int woken = 0;
        for (long seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            QueueCluster cluster = new QueueCluster(0, NO_SECOND_LOOK);
            for (int i = 0; i < 6; i++) {
                cluster.put(host("h" + i, 20).label("disk", i % 2 == 0 ? "ssd" : "hdd"));
            }
            for (int i = 0; i < 150; i++) {
                TestVm vm = vm("n" + random.nextInt(3) + "/x" + i, 0).memoryMib(1 + random.nextInt(6));
                cluster.submit(random.nextInt(3) == 0 ? vm.require("disk", "ssd") : vm);
            }
            cluster.tick();
            for (int step = 0; step < 60; step++) {
                for (int i = random.nextInt(4); i >= 0 && !cluster.running.isEmpty(); i--) {
                    cluster.end(oneOf(random, cluster.running.keySet()));
                }
                if (random.nextInt(4) == 0) {
                    cluster.put(host("h" + random.nextInt(6), 20).label("disk", "hdd"));
                }
                int before = cluster.placed.size();
                int decisions = cluster.tick();
                assertThat(decisions).as("seed %d, step %d", seed, step).isEqualTo(cluster.placed.size() - before);
                woken += decisions;
            }
        }
        assertThat(woken).isGreaterThan(900);
    }

    private static UUID oneOf(Random random, Iterable<UUID> ids) {
        List<UUID> all = new ArrayList<>();
        ids.forEach(all::add);
        return all.get(random.nextInt(all.size()));
    }

    /** What operators, hosts and guests do to a small cluster. */
    private static final class Scenario {
        private static final String[] BY = {"host", "rack", "zone"};

        private final QueueCluster cluster;
        private final Random random;
        private final int[] kinds = new int[12]; // of each job's rules
        private final String[] by = new String[12];
        private final String[] other = new String[12];
        private final long[] memory = new long[12];
        private int vms;

        Scenario(QueueCluster cluster, Random random) {
            this.cluster = cluster;
            this.random = random;
            for (int job = 0; job < kinds.length; job++) {
                kinds[job] = random.nextInt(11);
                by[job] = BY[random.nextInt(BY.length)];
                other[job] = job(random.nextInt(kinds.length));
                memory[job] = 1 + random.nextInt(5);
            }
            for (int i = 0; i < 5; i++) {
                cluster.put(newHost(i));
            }
        }

        private static String job(int number) {
            return "n" + number % 3 + "/j" + number;
        }

        String step() {
            return switch (random.nextInt(10)) {
                case 0, 1, 2 -> submit();
                case 3, 4 -> end();
                case 5 -> put();
                case 6 -> relabel();
                case 7 -> remove();
                case 8 -> started();
                default -> withdraw();
            };
        }

        private String submit() {
            for (int i = random.nextInt(6); i >= 0; i--) {
                cluster.submit(newVm(random.nextInt(kinds.length)));
            }
            return "new VMs";
        }

        private TestVm newVm(int job) {
            TestVm vm =
                    vm(job(job), vms++).memoryMib(memory[job]).priority(job % 2).since(cluster.now);
            switch (kinds[job]) {
                case 0 -> vm.near(other[job], by[job]);
                case 1 -> vm.near(job(job), by[job]);
                case 2 -> vm.awayFrom(job(job), by[job]);
                case 3 -> vm.awayFrom(other[job], by[job]);
                case 4 -> vm.partitions(2, by[job]);
                case 5 -> vm.spread("rack", 1).spread("zone", 1);
                case 6 -> vm.require("disk", "ssd").spread(by[job], 1);
                case 7 -> vm.tolerates("gpu").devices("gpu", 1);
                case 8 ->
                    vm.awayFrom(other[job], "host").awayFrom(other[job], "rack").spread("host", 1);
                default -> {}
            }
            switch (random.nextInt(12)) {
                case 0 -> vm.boundToHost("h" + random.nextInt(8), "root");
                case 1 -> vm.notBefore(cluster.now + random.nextInt(20));
                case 2 ->
                    vm.avoidsHost("h" + random.nextInt(8), cluster.now + random.nextInt(20))
                            .avoidsHost("h" + random.nextInt(8), cluster.now + random.nextInt(20));
                default -> {}
            }
            return vm;
        }

        private String end() {
            for (int i = random.nextInt(3); i >= 0 && !cluster.running.isEmpty(); i--) {
                cluster.end(oneOf(random, cluster.running.keySet()));
            }
            return "the end of VMs";
        }

        private TestHost newHost(int number) {
            TestHost made = host("h" + number, 4 + random.nextInt(10));
            if (random.nextInt(5) > 0) {
                made = made.label("rack", "r" + random.nextInt(3));
            }
            if (random.nextInt(5) > 0) {
                made = made.label("zone", "z" + random.nextInt(2));
            }
            if (random.nextInt(3) > 0) {
                made = made.label("disk", random.nextBoolean() ? "ssd" : "hdd");
            }
            if (random.nextInt(4) == 0) {
                made = made.devices("gpu", 1 + random.nextInt(2));
            }
            if (random.nextInt(4) == 0) {
                made = made.taint("gpu", "yes");
            }
            return made.cordoned(random.nextInt(5) == 0);
        }

        /** New, or the same with other traits, but for those that are domains. */
        private String put() {
            int number = random.nextInt(8);
            TestHost known = cluster.hosts.get("h" + number);
            if (known == null) {
                cluster.put(newHost(number));
                return "new host h" + number;
            }
            cluster.put(known.cordoned(random.nextBoolean()).withoutTaints());
            return "other traits of h" + number;
        }

        private String relabel() {
            int number = random.nextInt(8);
            TestHost known = cluster.hosts.get("h" + number);
            if (known != null) {
                cluster.relabel(known.label("rack", "r" + random.nextInt(3)));
            }
            return "another rack for h" + number;
        }

        private String remove() {
            String host = "h" + random.nextInt(8);
            if (cluster.hosts.containsKey(host) && cluster.hosts.size() > 2) {
                cluster.remove(host);
            }
            return "no " + host;
        }

        private String started() {
            for (Map.Entry<UUID, QueueCluster.Running> vm : List.copyOf(cluster.running.entrySet())) {
                if (vm.getValue().starting() && random.nextBoolean()) {
                    cluster.started(vm.getKey());
                }
            }
            return "starts that are over";
        }

        private String withdraw() {
            if (!cluster.waiting.isEmpty()) {
                cluster.withdraw(oneOf(random, cluster.waiting.keySet()));
            }
            return "a VM that is deleted";
        }
    }
}
