package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.queue.QueueCluster.host;
import static io.kelpie.controller.scheduling.queue.QueueCluster.vm;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.TestVm;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which VM is next: priority, then namespaces in turns, then age. */
class QueueOrderTest {
    private final QueueCluster cluster = new QueueCluster();

    @Test
    void theOldestOfANamespaceIsFirstWhateverTheOrderOfArrival() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("shop/c", 0).since(3));
        cluster.submit(vm("shop/a", 0).since(2));
        cluster.submit(vm("shop/b", 1).since(1));
        cluster.submit(vm("shop/b", 0).since(1));
        cluster.tick();
        assertThat(cluster.decided).containsExactly("shop/b-0", "shop/b-1", "shop/a-0", "shop/c-0");
    }

    @Test
    void aHigherPriorityIsFirstInAllNamespaces() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("a/low", 0).priority(1).since(1));
        cluster.submit(vm("a/high", 0).priority(9).since(5));
        cluster.submit(vm("b/low", 0).priority(1).since(2));
        cluster.submit(vm("b/high", 0).priority(9).since(6));
        cluster.tick();
        assertThat(cluster.decided).containsExactly("a/high-0", "b/high-0", "a/low-0", "b/low-0");
    }

    @Test
    void aFloodOfOneNamespaceLeavesTheOthersTheirTurns() {
        cluster.put(host("h1", 10_000));
        cluster.submit(1_000, "flood/x");
        cluster.submit(3, "small/y");
        cluster.tick(6);
        assertThat(cluster.decided)
                .containsExactly("flood/x-0", "small/y-0", "flood/x-1", "small/y-1", "flood/x-2", "small/y-2");
    }

    @Test
    void whoComesLaterStartsWhereTheOthersAre() {
        cluster.put(host("h1", 10_000));
        cluster.submit(1_000, "early/x");
        cluster.tick(500);
        cluster.submit(500, "late/y");
        cluster.tick(100);
        List<String> latest = cluster.decided.subList(500, 600);
        assertThat(latest).filteredOn(name -> name.startsWith("late/")).hasSize(50);
    }

    @Test
    void aStreamOfSingleVmsIsNoWayToJumpTheQueue() {
        cluster.put(host("h1", 10_000));
        cluster.submit(100, "patient/x");
        for (int i = 0; i < 100; i++) {
            cluster.submit(vm("busy/y", i));
            cluster.tick(1);
        }
        assertThat(cluster.placed)
                .filteredOn(name -> name.startsWith("patient/"))
                .hasSizeBetween(49, 51);
    }

    @Test
    void roomThatComesInSmallPiecesGoesRound() {
        cluster.put(host("h1", 30));
        cluster.submit(30, "old/x");
        cluster.tick();
        for (String namespace : List.of("a", "b", "c")) {
            cluster.submit(100, namespace + "/y");
        }
        cluster.tick();
        cluster.placed.clear();
        for (int i = 0; i < 30; i++) {
            cluster.end("old/x", i);
            cluster.tick();
        }
        for (String namespace : List.of("a/", "b/", "c/")) {
            assertThat(cluster.placed)
                    .filteredOn(name -> name.startsWith(namespace))
                    .hasSize(10);
        }
    }

    /** Of two namespaces that want the same room, the one whose turn came when it was just gone is the next to be asked. */
    @Test
    void aVainTurnIsMadeUpFor() {
        cluster.put(host("h1", 20));
        cluster.submit(20, "old/x");
        cluster.tick();
        for (int i = 0; i < 50; i++) {
            cluster.submit(vm("a/y", i));
            cluster.submit(vm("b/y", i));
        }
        cluster.tick();
        cluster.placed.clear();
        for (int i = 0; i < 20; i++) {
            cluster.end("old/x", i);
            cluster.queue.everythingChanged(); // they are tried until one finds no place, which is the second
            cluster.tick();
        }
        assertThat(cluster.placed).filteredOn(name -> name.startsWith("a/")).hasSize(10);
        assertThat(cluster.placed).filteredOn(name -> name.startsWith("b/")).hasSize(10);
    }

    @Test
    void aNamespaceOfManyImpossibleVmsHoldsTheOthersUpLittle() {
        cluster.put(host("h1", 1_000));
        for (int i = 0; i < 1_000; i++) {
            cluster.submit(vm("bad/x" + i, 0).memoryMib(2_000 + i)); // each is a class of its own
        }
        cluster.submit(50, "good/y");
        cluster.tick();
        for (int i = 0; i < 50; i++) {
            assertThat(cluster.decided.indexOf("good/y-" + i)).as("VM %d", i).isLessThanOrEqualTo(9 * (i + 1) + i);
        }
        assertThat(cluster.placed).hasSize(50);
    }

    @Test
    void lowerPrioritiesWaitForThoseThatAreReadyAndForNobodyElse() {
        cluster.put(host("h1", 100));
        for (int i = 0; i < 20; i++) {
            cluster.submit(vm("a/stuck", i).priority(100).memoryMib(1_000));
        }
        cluster.submit(vm("a/high", 0).priority(90));
        cluster.submit(vm("b/low", 0).priority(0));
        cluster.tick();
        assertThat(cluster.decided).containsExactly("a/stuck-0", "a/high-0", "b/low-0");
    }

    @Test
    void whatIsWithdrawnIsNotOffered() {
        cluster.put(host("h1", 100));
        cluster.submit(3, "a/x");
        cluster.queue.advance(cluster.now);
        cluster.withdraw(TestVm.id("a/x", 0));
        cluster.tick();
        assertThat(cluster.decided).containsExactly("a/x-1", "a/x-2");
        assertThat(cluster.queue.remove(TestVm.id("a/x", 0))).isFalse();
    }

    @Test
    void aVmThatIsPutAgainIsOfferedOnceAndAsItIsNow() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("a/x", 0).since(1));
        cluster.submit(vm("a/y", 0).since(2));
        cluster.queue.advance(cluster.now);
        cluster.submit(vm("a/x", 0).since(3).memoryMib(7));
        cluster.submit(vm("a/y", 0).since(2).priority(60));
        cluster.tick();
        assertThat(cluster.decided).containsExactly("a/y-0", "a/x-0");
        assertThat(cluster.running(TestVm.id("a/x", 0)).vm().request().shape().guestMemoryMib())
                .isEqualTo(7);
        assertThat(cluster.queue.counts().vms()).isZero();
    }

    @Test
    void eachOfferIsAnsweredBeforeTheNext() {
        cluster.put(host("h1", 100));
        cluster.submit(2, "a/x");
        cluster.queue.advance(cluster.now);
        PlacementRequest offered = cluster.queue.next().orElseThrow();
        assertThatIllegalStateException().isThrownBy(cluster.queue::next);
        assertThatIllegalStateException()
                .isThrownBy(() -> cluster.queue.placed(TestVm.id("a/x", 1), "h1"))
                .withMessageContaining("was not offered");
        cluster.queue.placed(offered.vmId(), "h1");
        assertThatIllegalStateException().isThrownBy(() -> cluster.queue.placed(offered.vmId(), "h1"));
        assertThat(cluster.queue.next()).isPresent();
    }

    @Test
    void anOfferThatIsWithdrawnNeedsNoAnswer() {
        cluster.put(host("h1", 100));
        cluster.submit(2, "a/x");
        cluster.queue.advance(cluster.now);
        cluster.withdraw(cluster.queue.next().orElseThrow().vmId());
        assertThat(cluster.queue.next().orElseThrow().ordinal()).isEqualTo(1);
    }
}
