package io.kelpie.controller.scheduling.queue;

import static io.kelpie.controller.scheduling.queue.QueueCluster.host;
import static io.kelpie.controller.scheduling.queue.QueueCluster.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.scheduling.TestVm;
import io.kelpie.controller.scheduling.queue.QueueFacts.State;
import org.junit.jupiter.api.Test;

/** Which VMs share a verdict, and what is known of those that wait. */
class QueueBlockingTest {
    private final QueueCluster cluster = new QueueCluster();

    @Test
    void anImpossibleVmHoldsUpNobody() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("a/big", 0).memoryMib(101));
        cluster.submit(vm("a/small", 0).since(1));
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/small-0");
        assertThat(cluster.queue.counts().blocked()).isEqualTo(1);
    }

    @Test
    void oneVerdictHoldsForTheWholeClass() {
        cluster.put(host("h1", 100));
        for (int i = 0; i < 500; i++) {
            cluster.submit(vm("a/big", i).memoryMib(101));
            cluster.submit(vm("b/large", i).memoryMib(101).image("sha256:1").likesNear("b/x", "rack"));
        }
        assertThat(cluster.tick()).isEqualTo(1);
        cluster.submit(vm("c/huge", 0).memoryMib(101));
        assertThat(cluster.tick()).as("nor is one tried that comes later").isZero();
        assertThat(cluster.queue.counts().blocked()).isEqualTo(1_001);
        assertThat(cluster.queue.alike(TestVm.id("c/huge", 0))).hasSize(1_001);
    }

    @Test
    void otherRulesPrioritiesAndPartsOfTheRequestMakeOtherClasses() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("a/x", 0).memoryMib(101));
        cluster.submit(vm("a/x", 1).memoryMib(102));
        cluster.submit(vm("a/x", 2).memoryMib(101).priority(51));
        cluster.submit(vm("a/x", 3).memoryMib(101).require("disk", "ssd"));
        cluster.submit(vm("a/x", 4).memoryMib(101).spread("rack", 1));
        cluster.submit(vm("a/x", 5).memoryMib(101).tolerates("gpu"));
        cluster.submit(vm("a/x", 6).memoryMib(101).boundToHost("h1", "root"));
        cluster.submit(vm("a/x", 7).memoryMib(101).avoidsHost("h1", 100));
        cluster.submit(vm("a/x", 8).memoryMib(101).devices("gpu", 1));
        cluster.submit(vm("a/x", 9).memoryMib(101).awayFrom("a/y", "rack"));
        cluster.submit(vm("a/z", 9).memoryMib(101).awayFrom("a/y", "rack"));
        assertThat(cluster.tick()).isEqualTo(11);
        assertThat(cluster.queue.counts().blockedClasses()).isEqualTo(11);
    }

    @Test
    void partitionsOfAJobAreClasses() {
        cluster.put(host("h1", 100).label("rack", "r1"));
        for (int i = 0; i < 10; i++) {
            cluster.submit(vm("a/x", i).partitions(2, "rack"));
        }
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/x-0", "a/x-2", "a/x-4", "a/x-6", "a/x-8");
        assertThat(cluster.decided).hasSize(6);
    }

    /** Jobs of equal shape share a verdict, but not with one that others keep away from: it may fail alone. */
    @Test
    void aJobThatOthersKeepAwayFromHasAVerdictOfItsOwn() {
        cluster.put(host("h1", 100).label("rack", "r1"));
        for (int i = 0; i < 3; i++) {
            cluster.submit(vm("a/shunned", i).since(1).notBefore(10));
            cluster.submit(vm("a/other", i).since(2).notBefore(10));
        }
        cluster.submit(vm("a/shy", 0).since(3).awayFrom("a/shunned", "rack"));
        cluster.tick(); // only the shy one may be placed yet
        cluster.now = 10;
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/shy-0", "a/other-0", "a/other-1", "a/other-2");
        assertThat(cluster.decided).containsOnlyOnce("a/shunned-0").hasSize(5);
        cluster.end("a/shy", 0);
        cluster.tick();
        assertThat(cluster.placed).hasSize(7);
    }

    @Test
    void aJobThatOthersBeginToKeepAwayFromIsTakenOutOfTheSharedClass() {
        cluster.put(host("h1", 3).label("rack", "r1"));
        for (int i = 0; i < 4; i++) {
            cluster.submit(vm("a/shunned", i).since(1).memoryMib(4)); // blocked for want of memory, with the others
            cluster.submit(vm("a/other", i).since(2).memoryMib(4));
        }
        assertThat(cluster.tick()).isEqualTo(1);
        cluster.submit(vm("a/shy", 0).awayFrom("a/shunned", "rack"));
        cluster.tick();
        cluster.put(host("h1", 100).label("rack", "r1"));
        cluster.tick();
        assertThat(cluster.placed).containsExactly("a/shy-0", "a/other-0", "a/other-1", "a/other-2", "a/other-3");
        assertThat(cluster.queue.alike(TestVm.id("a/shunned", 0))).hasSize(4);
        cluster.end("a/shy", 0);
        cluster.tick();
        assertThat(cluster.placed).hasSize(9);
    }

    @Test
    void aBlockedVmThatIsPutAgainKeepsItsVerdictUnlessItAsksForSomethingElse() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("a/big", 0).memoryMib(101));
        cluster.tick();
        cluster.submit(vm("a/big", 0).memoryMib(101));
        assertThat(cluster.tick()).isZero();
        cluster.submit(vm("a/big", 0).memoryMib(100));
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.isPlaced("a/big", 0)).isTrue();
    }

    /** As one whose place is kept until its victims are gone. */
    @Test
    void aVmThatIsRecalledIsDecidedOnWhateverIsKnownOfItsClass() {
        cluster.put(host("h1", 10));
        for (int i = 0; i < 3; i++) {
            cluster.submit(vm("a/big", i).memoryMib(11));
        }
        cluster.queue.advance(cluster.now);
        cluster.queue.putOff(cluster.queue.next().orElseThrow().vmId(), 1_000, "its place is kept");
        assertThat(cluster.tick()).as("the others are blocked").isEqualTo(1);
        cluster.putUntold(host("h1", 11));
        assertThat(cluster.queue.recall(TestVm.id("a/big", 0))).isTrue();
        assertThat(cluster.tick()).isEqualTo(1);
        assertThat(cluster.isPlaced("a/big", 0)).isTrue();
        assertThat(cluster.queue.recall(TestVm.id("a/big", 0))).isFalse();
    }

    @Test
    void aVmThatIsRecalledInVainBlocksNoOtherAndCanBeRecalledAgain() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).memoryMib(11).notBefore(500));
        cluster.queue.recall(TestVm.id("a/x", 0));
        cluster.submit(vm("a/x", 1).memoryMib(11));
        assertThat(cluster.tick()).isEqualTo(2);
        cluster.queue.recall(TestVm.id("a/x", 0));
        assertThat(cluster.tick()).isEqualTo(1);
        cluster.put(host("h2", 11));
        assertThat(cluster.tick()).as("a host helps it as it helps any").isEqualTo(1);
        assertThat(cluster.isPlaced("a/x", 0)).isTrue();
    }

    @Test
    void withTheLastVmOfAClassItsVerdictGoes() {
        cluster.put(host("h1", 100));
        cluster.submit(vm("a/big", 0).memoryMib(101));
        cluster.tick();
        cluster.withdraw(TestVm.id("a/big", 0));
        assertThat(cluster.queue.counts())
                .extracting(QueueCounts::classes, QueueCounts::blockedClasses)
                .containsExactly(0, 0);
        cluster.submit(vm("b/big", 0).memoryMib(101));
        assertThat(cluster.tick()).isEqualTo(1);
    }

    @Test
    void factsOfAVmThatIsReady() {
        cluster.submit(2, "a/x");
        cluster.submit(vm("b/x", 0).since(7));
        cluster.submit(vm("b/x", 1).since(8));
        cluster.submit(vm("a/first", 0).priority(99));
        cluster.queue.advance(cluster.now);
        QueueFacts facts = cluster.queue.facts(TestVm.id("b/x", 1)).orElseThrow();
        assertThat(facts.state()).isEqualTo(State.READY);
        assertThat(facts.ahead()).as("first-0, a/x-0, b/x-0, a/x-1").isEqualTo(4);
        assertThat(facts.waiting()).isEqualTo(5);
        assertThat(facts.sinceMillis()).isEqualTo(8);
        assertThat(facts.verdict()).isEmpty();
        assertThat(facts.untilMillis()).isEmpty();
        assertThat(facts.nextTryMillis()).isEmpty();
    }

    @Test
    void factsOfAVmThatIsBlocked() {
        cluster.put(host("h1", 10));
        cluster.now = 1_000;
        cluster.submit(vm("a/big", 0).memoryMib(11).since(500));
        cluster.submit(vm("b/big", 0).memoryMib(11).since(600));
        cluster.tick();
        cluster.now = 3_000;
        cluster.tick();
        QueueFacts facts = cluster.queue.facts(TestVm.id("b/big", 0)).orElseThrow();
        assertThat(facts.state()).isEqualTo(State.BLOCKED);
        assertThat(facts.alike()).isEqualTo(2);
        assertThat(facts.verdict().orElseThrow().atMillis()).isEqualTo(1_000);
        assertThat(facts.verdict().orElseThrow().decision().vmId()).isEqualTo(TestVm.id("a/big", 0));
        assertThat(facts.nextTryMillis()).hasValue(61_000);
    }

    @Test
    void factsOfAVmThatWaitsForATime() {
        cluster.put(host("h1", 10));
        cluster.submit(vm("a/x", 0).notBefore(500));
        cluster.submit(vm("a/y", 0));
        cluster.queue.advance(cluster.now);
        cluster.queue.putOff(cluster.queue.next().orElseThrow().vmId(), 700, "an orphan of it is alive");
        QueueFacts backoff = cluster.queue.facts(TestVm.id("a/x", 0)).orElseThrow();
        assertThat(backoff.state()).isEqualTo(State.WAITING);
        assertThat(backoff.untilMillis()).hasValue(500);
        assertThat(backoff.heldFor()).isEmpty();
        QueueFacts held = cluster.queue.facts(TestVm.id("a/y", 0)).orElseThrow();
        assertThat(held.untilMillis()).hasValue(700);
        assertThat(held.heldFor()).isEqualTo("an orphan of it is alive");
        assertThat(cluster.queue.counts().waiting()).isEqualTo(2);
        assertThat(cluster.tick()).isZero();
        cluster.now = 700;
        cluster.tick();
        assertThat(cluster.decided).containsExactly("a/x-0", "a/y-0");
        assertThat(cluster.queue.facts(TestVm.id("a/x", 0))).isEmpty();
    }

    @Test
    void whoeverMayHaveVmsEndedByNowIsDecidedOnAnew() {
        QueueCluster cluster = new QueueCluster();
        cluster.put(host("h1", 1));
        cluster.submit(vm("a/high", 0).priority(90).memoryMib(2));
        cluster.submit(vm("a/low", 0).priority(10).memoryMib(2));
        cluster.tick();
        assertThat(cluster.queue.counts().blocked()).isEqualTo(2);

        cluster.queue.endable(90);
        assertThat(cluster.queue.counts().ready()).isZero();
        cluster.queue.endable(10);
        assertThat(cluster.queue.counts().ready()).isEqualTo(1);
        cluster.queue.endable(9);
        assertThat(cluster.queue.counts().ready()).isEqualTo(2);
    }

    @Test
    void aBlockedVmSaysWhichVerdictHoldsAndWhichClassItIsOf() {
        QueueCluster cluster = new QueueCluster();
        cluster.put(host("h1", 1));
        TestVm one = vm("a/x", 0).memoryMib(2);
        TestVm other = vm("b/x", 1).memoryMib(2);
        cluster.submit(one);
        cluster.tick();
        cluster.submit(other);
        cluster.tick();

        assertThat(cluster.decided).as("the verdict holds for both").hasSize(1);
        assertThat(cluster.queue.blockedBy(other.waiting().request().vmId())).isPresent();
        assertThat(cluster.queue.blockedBy(other.waiting().request().vmId()))
                .isEqualTo(cluster.queue.blockedBy(one.waiting().request().vmId()));
        assertThat(cluster.queue.classOf(other.waiting().request().vmId()))
                .isEqualTo(cluster.queue.classOf(one.waiting().request().vmId()));
        assertThat(cluster.queue.size()).isEqualTo(2);
    }
}
