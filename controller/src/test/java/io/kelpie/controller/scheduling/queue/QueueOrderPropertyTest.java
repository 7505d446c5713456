package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.queue.QueueCluster.host;
import static io.kelpie.controller.scheduling.queue.QueueCluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.TestVm;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Properties of the order over queues from seeds; a failure names the seed. */
class QueueOrderPropertyTest {
    private static final int SEEDS = 50;

    /** What {@code ahead} foretells is what happens. */
    @Test
    void theForetoldPlaceIsThePlace() {
        for (long seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            QueueCluster cluster = new QueueCluster();
            cluster.put(host("h1", 1_000_000));
            for (int i = 0; i < 30; i++) {
                cluster.submit(vm("n" + random.nextInt(4) + "/impossible" + i, 0)
                        .memoryMib(2_000_000 + i)
                        .priority(random.nextInt(3)));
            }
            cluster.tick();
            submit(cluster, random, 80, 0);
            cluster.tick(random.nextInt(40)); // namespaces are at different times by now
            submit(cluster, random, 40, 1_000);
            cluster.queue.advance(cluster.now);
            Map<String, Long> foretold = new HashMap<>();
            cluster.waiting.forEach((id, vm) -> {
                QueueFacts facts = cluster.queue.facts(id).orElseThrow();
                if (facts.state() == QueueFacts.State.READY) {
                    foretold.put(QueueCluster.name(vm.request()), facts.ahead());
                }
            });
            cluster.decided.clear();
            cluster.tick();
            assertThat(cluster.decided).hasSameSizeAs(foretold.keySet());
            for (int i = 0; i < cluster.decided.size(); i++) {
                assertThat(foretold.get(cluster.decided.get(i)))
                        .as("seed %d, %s", seed, cluster.decided.get(i))
                        .isEqualTo(i);
            }
        }
    }

    /** The bound that the order promises, with VMs that find no place among the others. */
    @Test
    void betweenTwoTurnsOfANamespaceTheOthersHaveFew() {
        int vain = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            QueueCluster cluster = new QueueCluster();
            cluster.put(host("h1", 1_000_000));
            for (int i = 0; i < 150; i++) {
                TestVm vm = vm("n" + random.nextInt(4) + "/x" + i, 0).since(random.nextInt(10));
                cluster.submit(random.nextInt(3) == 0 ? vm.memoryMib(2_000_000 + i) : vm);
            }
            cluster.tick();
            vain += cluster.decided.size() - cluster.placed.size();
            Map<String, Long> left = new HashMap<>();
            cluster.decided.forEach(name -> left.merge(namespace(name), 1L, Long::sum));
            Map<String, Map<String, Integer>> since = new HashMap<>(); // turns of others since each had its own
            for (String name : cluster.decided) {
                String of = namespace(name);
                since.put(of, new HashMap<>());
                left.merge(of, -1L, Long::sum);
                for (String other : left.keySet()) {
                    if (!other.equals(of) && left.get(other) > 0) {
                        int turns = since.computeIfAbsent(other, any -> new HashMap<>())
                                .merge(of, 1, Integer::sum);
                        assertThat(turns)
                                .as("seed %d, turns of %s while %s waits", seed, of, other)
                                .isLessThanOrEqualTo((int) (FairOrder.PLACED / FairOrder.VAIN) + 1);
                    }
                }
            }
        }
        assertThat(vain).isGreaterThan(SEEDS * 30);
    }

    /** VMs come, change, go, are placed, rejected and put off at random: each is in the queue exactly as it should be. */
    @Test
    void noVmIsLostOrOfferedTwice() {
        int offers = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            Random random = new Random(seed);
            QueueCluster cluster = new QueueCluster();
            cluster.put(host("h1", 100));
            PendingQueue queue = cluster.queue;
            Map<UUID, WaitingVm> model = new HashMap<>();
            List<UUID> ids = new ArrayList<>();
            for (int step = 0; step < 400; step++) {
                WaitingVm some = random(random, random.nextInt(60)).waiting();
                UUID id = some.request().vmId();
                switch (random.nextInt(4)) {
                    case 0, 1 -> {
                        queue.put(some);
                        model.put(id, some);
                        ids.add(id);
                    }
                    case 2 -> assertThat(queue.remove(id)).isEqualTo(model.remove(id) != null);
                    default -> {
                        cluster.now += random.nextInt(50);
                        queue.advance(cluster.now);
                        if (random.nextInt(5) == 0) {
                            queue.everythingChanged();
                        }
                        if (recalled(queue, model, id)) {
                            model.computeIfPresent(id, (any, vm) -> withoutWait(vm));
                        }
                        for (int i = random.nextInt(10); i > 0; i--) {
                            offers += answer(queue, model, cluster.now, random) ? 1 : 0;
                        }
                    }
                }
                QueueCounts counts = queue.counts();
                assertThat(counts.vms()).as("seed %d, step %d", seed, step).isEqualTo(model.size());
                assertThat(counts.ready()).isBetween(0, model.size());
                assertThat(counts.blocked()).isGreaterThanOrEqualTo(0);
            }
            cluster.now += 10_000;
            queue.advance(cluster.now);
            queue.everythingChanged();
            while (!model.isEmpty()) {
                PlacementRequest next = queue.next().orElseThrow();
                assertThat(model.remove(next.vmId())).as("seed %d", seed).isNotNull();
                queue.placed(next.vmId(), "h1");
            }
            assertThat(queue.next()).isEmpty();
            assertThat(queue.counts())
                    .extracting(QueueCounts::vms, QueueCounts::classes, QueueCounts::blockedClasses)
                    .containsExactly(0, 0, 0);
        }
        assertThat(offers).isGreaterThan(SEEDS * 50);
    }

    private static boolean recalled(PendingQueue queue, Map<UUID, WaitingVm> model, UUID id) {
        boolean waits = queue.recall(id);
        assertThat(waits).isEqualTo(model.containsKey(id));
        return waits;
    }

    private static WaitingVm withoutWait(WaitingVm vm) {
        return new WaitingVm(vm.request(), vm.sinceMillis(), 0, vm.avoidedUntilMillis());
    }

    private static boolean answer(PendingQueue queue, Map<UUID, WaitingVm> model, long now, Random random) {
        PlacementRequest next = queue.next().orElse(null);
        if (next == null) {
            return false;
        }
        assertThat(model).as("an offered VM waits").containsKey(next.vmId());
        WaitingVm vm = Objects.requireNonNull(model.get(next.vmId()));
        assertThat(vm.requestAt(now)).isEqualTo(next);
        assertThat(vm.notBeforeMillis()).isLessThanOrEqualTo(now);
        switch (random.nextInt(3)) {
            case 0 -> {
                model.remove(next.vmId());
                queue.placed(next.vmId(), "h1");
            }
            case 1 -> queue.rejected(next.vmId(), Decision.rejected(next.vmId(), 0, List.of()));
            default -> queue.putOff(next.vmId(), now + random.nextInt(100), "for a test");
        }
        return true;
    }

    /** The same calls give the same offers. */
    @Test
    void theSameCallsGiveTheSameOffers() {
        for (long seed = 0; seed < 20; seed++) {
            List<List<String>> runs = new ArrayList<>();
            for (int run = 0; run < 2; run++) {
                Random random = new Random(seed);
                QueueCluster cluster = new QueueCluster();
                cluster.put(host("h1", 60));
                submit(cluster, random, 100, 0);
                cluster.tick();
                runs.add(cluster.decided);
            }
            assertThat(runs.get(0)).isEqualTo(runs.get(1));
        }
    }

    /** As does another order of arrival before the first offer. */
    @Test
    void theOrderOfArrivalBeforeTheFirstOfferPlaysNoPart() {
        for (long seed = 0; seed < 20; seed++) {
            List<List<String>> runs = new ArrayList<>();
            for (int run = 0; run < 2; run++) {
                Random random = new Random(seed);
                List<TestVm> vms = new ArrayList<>();
                for (int i = 0; i < 100; i++) {
                    vms.add(random(random, i));
                }
                if (run == 1) {
                    Collections.shuffle(vms, random);
                }
                QueueCluster cluster = new QueueCluster();
                cluster.put(host("h1", 60));
                vms.forEach(cluster::submit);
                cluster.now = 1_000;
                cluster.tick();
                runs.add(cluster.decided);
            }
            assertThat(runs.get(0)).isEqualTo(runs.get(1));
        }
    }

    private static void submit(QueueCluster cluster, Random random, int count, int from) {
        for (int i = 0; i < count; i++) {
            cluster.submit(vm("n" + random.nextInt(4) + "/x" + random.nextInt(5), from + i)
                    .since(random.nextInt(20))
                    .priority(random.nextInt(3)));
        }
    }

    private static TestVm random(Random random, int number) {
        TestVm vm = vm("n" + number % 3 + "/x" + number, 0)
                .since(random.nextInt(5))
                .priority(random.nextInt(2))
                .memoryMib(1 + random.nextInt(3));
        if (random.nextInt(4) == 0) {
            vm.notBefore(random.nextInt(1_000));
        }
        if (random.nextInt(4) == 0) {
            vm.avoidsHost("h1", random.nextInt(1_000));
        }
        return vm;
    }

    private static String namespace(String name) {
        return name.substring(0, name.indexOf('/'));
    }
}
