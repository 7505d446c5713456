package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.queue.QueueCluster.host;
import static io.kelpie.controller.scheduling.queue.QueueCluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import org.junit.jupiter.api.Test;

/** Many VMs at once: the work is counted, not timed. */
class QueueStormTest {
    private static final int VMS = 100_000;
    private static final int NAMESPACES = 40;
    private static final int DECISIONS_A_TICK = 1_000;

    /** The oldest VM, of the highest priority, is impossible; so is a class of each namespace. The others are not. */
    @Test
    void anImpossibleJobInFrontOfAHundredThousandVmsDelaysNone() {
        QueueCluster cluster = new QueueCluster();
        for (int i = 0; i < 800; i++) {
            cluster.put(host("h" + i, 1_000).label("disk", i % 2 == 0 ? "ssd" : "hdd"));
        }
        cluster.submit(vm("a/impossible", 0).priority(100).memoryMib(2_000));
        for (int i = 0; i < NAMESPACES; i++) {
            for (int j = 0; j < 100; j++) {
                cluster.submit(vm("n" + i + "/impossible", j).since(1).memoryMib(2_000 + i));
            }
        }
        int possible = VMS - cluster.waiting.size();
        for (int i = 0; i < possible; i++) {
            TestVm vm = vm("n" + i % NAMESPACES + "/web", i).since(2).memoryMib(1 + i % 5);
            cluster.submit(i % 3 == 0 ? vm.require("disk", "ssd") : vm);
        }
        assertThat(cluster.waiting).hasSize(VMS);

        int ticks = 0;
        int decisions;
        do {
            decisions = cluster.tick(DECISIONS_A_TICK);
            ticks++;
        } while (decisions == DECISIONS_A_TICK);

        assertThat(cluster.placed).hasSize(possible);
        assertThat(cluster.decided).as("one vain decision a class").hasSize(possible + NAMESPACES + 1);
        assertThat(ticks).isEqualTo((possible + NAMESPACES + 1) / DECISIONS_A_TICK + 1);
        assertThat(cluster.queue.counts().checks()).isZero();
        assertThat(cluster.decided.subList(0, NAMESPACES + 50))
                .as("each namespace has got a place within its second turn")
                .filteredOn(name -> name.contains("/web"))
                .hasSizeGreaterThan(40);
    }

    /** A full cluster, and hosts that change all the time: what that costs does not depend on how many VMs wait. */
    @Test
    void aHundredThousandBlockedVmsCostNothingWhileNothingHelpsThem() {
        QueueCluster cluster = new QueueCluster();
        int classes = 1_000;
        for (int i = 0; i < 100; i++) {
            cluster.put(host("h" + i, 100));
        }
        cluster.submit(10_000, "old/x"); // fills it
        cluster.tick();
        for (int i = 0; i < VMS; i++) {
            cluster.submit(vm("n" + i % NAMESPACES + "/y", i).memoryMib(1 + i % classes));
        }
        assertThat(cluster.tick()).isEqualTo(classes);
        assertThat(cluster.queue.counts().blocked()).isEqualTo(VMS);

        for (int i = 0; i < 100; i++) {
            cluster.queue.hostChanged("h" + i);
        }
        assertThat(cluster.tick()).isZero();
        assertThat(cluster.queue.counts().checks()).as("nothing is free").isZero();

        cluster.placed.clear();
        int freed = 300;
        for (int i = 0; i < freed; i++) {
            cluster.end("old/x", i * 31);
            assertThat(cluster.tick()).isLessThanOrEqualTo(10);
        }
        assertThat(cluster.placed).isNotEmpty();
        assertThat(cluster.decided).as("nobody is tried in vain").hasSize(10_000 + classes + cluster.placed.size());
        assertThat(cluster.queue.counts().checks())
                .as("few classes ask for as little as one VM leaves")
                .isLessThan(freed * 200L);
    }
}
