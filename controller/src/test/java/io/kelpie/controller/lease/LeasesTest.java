package io.kelpie.controller.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.lease.LeaseTimes;
import io.kelpie.controller.control.TestTime;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.LeaseGrant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LeasesTest {
    private static final String HOST = "h1";
    private static final String BOOT = "boot-1";
    private static final long INTERVAL = LeaseTimes.DEFAULT.proofInterval().toMillis();
    private static final ControllerSet SET =
            ControllerSet.newBuilder().setVersion(3).build();

    private final MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
    private final Deque<Runnable> answers = new ArrayDeque<>();
    private final MemoryStore store = new MemoryStore(cluster, answers::add);
    private final TestTime time = new TestTime();
    private final List<String> told = new ArrayList<>();
    private final Leases leases = new Leases(
            store,
            LeaseTimes.DEFAULT,
            LeaderRules.SAFE,
            time,
            new Leases.Listener() {
                @Override
                public void leased(String hostId, Grantee stream, long lineage) {
                    told.add(hostId + " " + lineage);
                }

                @Override
                public void termEnded(LeaderTerm term) {
                    told.add(term + " ended");
                }
            },
            Leases.Meter.NONE);
    private final LeaderTerm term = TestTerms.begin(cluster);
    private final Stream stream = new Stream();

    /** A host's end of a stream. */
    private final class Stream implements Grantee {
        final List<LeaseGrant> grants = new ArrayList<>();
        final List<Long> promisedAtSending = new ArrayList<>();
        long sequence;

        @Override
        public void send(ConnectResponse message) {
            promisedAtSending.add(leases.lastPromiseNanos(HOST).orElse(-1));
            grants.add(message.getLeaseGrant());
        }

        void asks(long lineage) {
            asks(new Question(BOOT, ++sequence, lineage, false, false));
        }

        void opens(long lineage) {
            asks(new Question(BOOT, ++sequence, lineage, true, false));
        }

        void asks(Question question) {
            leases.question(HOST, this, question);
        }

        LeaseGrant last() {
            return grants.get(grants.size() - 1);
        }
    }

    private void begin() {
        leases.begin(term, SET);
        leases.admit(HOST, BOOT, stream);
    }

    /** The store answers the oldest proof. */
    private void answer() {
        answers.removeFirst().run();
        leases.step();
    }

    /** A whole round: whatever waits is asked for and granted. */
    private void round() {
        time.advanceMillis(INTERVAL);
        leases.step();
        while (!answers.isEmpty()) {
            answer();
        }
    }

    @Test
    void aQuestionIsGrantedTheFullLeaseByAProof() {
        begin();
        stream.opens(7);
        leases.step();
        assertThat(stream.grants).isEmpty();
        answer();
        assertThat(stream.grants)
                .containsExactly(LeaseGrant.newBuilder()
                        .setEpoch(term.epoch())
                        .setSequence(1)
                        .setLineage(7)
                        .setBootId(BOOT)
                        .setLeaseMillis(12_000)
                        .build());
        assertThat(leases.grantedLineage(HOST)).hasValue(7);
        assertThat(told).containsExactly("h1 7");
    }

    @Test
    void aProofGrantsNothingThatWasAskedAfterItBegan() {
        begin();
        stream.asks(7);
        leases.step();
        time.advanceMillis(1);
        stream.asks(7);
        answer();
        assertThat(stream.grants).isEmpty();
        round();
        assertThat(stream.grants).extracting(LeaseGrant::getSequence).containsExactly(2L);
    }

    @Test
    void proofsAreBegunAnIntervalApartAndAtMostTwoAreUnderWay() {
        begin();
        for (int i = 0; i < 10; i++) {
            stream.asks(7);
            leases.step();
            leases.step();
            time.advanceMillis(INTERVAL);
        }
        assertThat(answers).hasSize(2);
    }

    @Test
    void nobodyAsksNothingIsProved() {
        begin();
        round();
        stream.asks(new Question(BOOT, 1, 0, false, false));
        time.advanceMillis(INTERVAL);
        leases.step();
        assertThat(answers).isEmpty();
    }

    @Test
    void aLostProofIsMadeAgain() {
        begin();
        store.setConnected(false);
        stream.asks(7);
        leases.step();
        answer();
        assertThat(stream.grants).isEmpty();
        store.setConnected(true);
        round();
        assertThat(stream.grants).hasSize(1);
    }

    @Test
    void aProofThatIsRefusedEndsAllGrants() {
        begin();
        stream.asks(7);
        TestTerms.begin(cluster);
        leases.step();
        answer();
        assertThat(stream.grants).isEmpty();
        assertThat(told).containsExactly("term 1 ended");
        round();
        assertThat(stream.grants).isEmpty();
    }

    @Test
    void anAnswerOfAnEndedTermGrantsNothing() {
        begin();
        stream.asks(7);
        leases.step();
        leases.end();
        answer();
        begin();
        assertThat(stream.grants).isEmpty();
    }

    @Test
    void thePromiseIsNotedBeforeItIsSent() {
        begin();
        stream.asks(7);
        leases.step();
        time.advanceMillis(100);
        answer();
        assertThat(stream.promisedAtSending).containsExactly(time.nanoTime());
    }

    @Test
    void aClosedWordIsNeverGrantedAndAnOpenedOneIs() {
        begin();
        stream.asks(7);
        leases.step();
        leases.close(HOST, Closing.FENCING);
        answer();
        round();
        assertThat(stream.grants).isEmpty();
        assertThat(leases.grantedLineage(HOST)).isEmpty();

        leases.open(HOST, Closing.FENCING);
        round();
        assertThat(stream.grants).hasSize(1);
    }

    @Test
    void aDismissedStreamIsGrantedNothingBeforeItIsAdmittedAnew() {
        begin();
        leases.dismiss(HOST);
        stream.asks(7);
        round();
        assertThat(stream.grants).isEmpty();
        leases.admit(HOST, BOOT, stream);
        round();
        assertThat(stream.grants).hasSize(1);
    }

    @Test
    void aQuestionBeforeTheAdmissionWaitsForIt() {
        leases.begin(term, SET);
        stream.asks(7);
        round();
        assertThat(stream.grants).isEmpty();
        leases.admit(HOST, BOOT, stream);
        round();
        assertThat(stream.grants).hasSize(1);
    }

    @Test
    void aFaultyHostIsGrantedAgainOnItsNextStream() {
        begin();
        leases.close(HOST, Closing.FAULTY);
        stream.asks(7);
        round();
        assertThat(stream.grants).isEmpty();
        Stream next = new Stream();
        leases.admit(HOST, BOOT, next);
        next.asks(7);
        round();
        assertThat(next.grants).hasSize(1);
    }

    @Test
    void staleQuestionsAreDropped() {
        begin();
        stream.sequence = 4;
        stream.asks(7);
        round();
        stream.asks(new Question("boot-0", 6, 7, false, false));
        stream.asks(new Question(BOOT, 4, 7, false, false));
        stream.asks(new Question(BOOT, 6, 6, false, false));
        new Stream().asks(7);
        round();
        assertThat(stream.grants).hasSize(1);
    }

    @Test
    void anOpeningQuestionIsGrantedOnce() {
        begin();
        Question opening = new Question(BOOT, 1, 7, true, false);
        stream.asks(opening);
        round();
        stream.asks(opening);
        round();
        stream.asks(new Question(BOOT, 2, 7, true, false));
        round();
        assertThat(stream.grants).hasSize(1);
        stream.asks(new Question(BOOT, 3, 7, false, false));
        round();
        stream.asks(new Question(BOOT, 4, 8, true, false));
        round();
        assertThat(stream.grants).extracting(LeaseGrant::getLineage).containsExactly(7L, 7L, 8L);
        assertThat(told).containsExactly("h1 7", "h1 8");
    }

    @Test
    void theFenceWaitsForTheLastPromiseAndForTheTermsBegin() {
        long began = time.nanoTime();
        begin();
        long wait = LeaseTimes.DEFAULT.fenceWait().toNanos();
        assertThat(leases.fenceableAtNanos(HOST, began)).isEqualTo(began + wait);
        stream.asks(7);
        time.advanceMillis(5_000);
        round();
        assertThat(leases.fenceableAtNanos(HOST, began)).isEqualTo(time.nanoTime() + wait);
    }

    @Test
    void aLeaderThatProvesDoesNotSayThatItDoesNotLead() {
        begin();
        stream.asks(7);
        round();
        assertThat(leases.promiseNotLeading(HOST)).isFalse();
        time.advanceMillis(3_000);
        assertThat(leases.promiseNotLeading(HOST)).isTrue();
        assertThat(leases.lastPromiseNanos(HOST)).hasValue(time.nanoTime());
    }

    @Test
    void anAnswerNotLeadingCountsIfThisControllerLeadsLater() {
        assertThat(leases.promiseNotLeading(HOST)).isTrue();
        long answered = time.nanoTime();
        time.advanceMillis(1_000);
        begin();
        assertThat(leases.lastPromiseNanos(HOST)).hasValue(answered);
    }

    @Test
    void nothingIsPromisedWhileAFenceIsUnderWayAlsoAfterTheTerm() {
        begin();
        leases.close(HOST, Closing.FENCING);
        assertThat(leases.promiseNotLeading(HOST)).isFalse();
        leases.end();
        assertThat(leases.promiseNotLeading(HOST)).isFalse();
        assertThat(leases.promiseNotLeading("h2")).isTrue();
        leases.termSeen(term.epoch());
        assertThat(leases.promiseNotLeading(HOST)).isFalse();
        leases.termSeen(term.epoch() + 1);
        assertThat(leases.promiseNotLeading(HOST)).isTrue();
    }

    @Test
    void aNewSetOfControllersIsToldOnceAStream() {
        begin();
        stream.asks(7);
        round();
        assertThat(stream.last().hasControllerSet()).isFalse();
        ControllerSet next = SET.toBuilder().setVersion(4).build();
        leases.controllerSet(next);
        stream.asks(7);
        round();
        assertThat(stream.last().getControllerSet()).isEqualTo(next);
        stream.asks(7);
        round();
        assertThat(stream.last().hasControllerSet()).isFalse();
    }

    @Test
    void aThawIsAcknowledgedByAHostThatHeldTheLeaseWithoutAnEnd() {
        begin();
        leases.grantUntilThaw(HOST, true);
        stream.asks(7);
        round();
        assertThat(stream.last().getUntilThaw()).isTrue();
        leases.grantUntilThaw(HOST, false);
        stream.asks(new Question(BOOT, 2, 7, false, true));
        round();
        assertThat(stream.last().getUntilThaw()).isFalse();
        assertThat(leases.holdsBounded(HOST)).isFalse();
        stream.asks(new Question(BOOT, 3, 7, false, false));
        assertThat(leases.holdsBounded(HOST)).isTrue();
    }

    @Test
    void aLeaseWithoutAnEndThatMayStillBeOnItsWayIsNotOver() {
        begin();
        leases.grantUntilThaw(HOST, true);
        stream.asks(7);
        round();
        leases.grantUntilThaw(HOST, false);
        // Asked before the first grant has arrived.
        stream.asks(7);
        round();
        stream.asks(7);
        assertThat(leases.holdsBounded(HOST)).isFalse();

        Stream next = new Stream();
        leases.admit(HOST, BOOT, next);
        next.asks(7);
        round();
        next.asks(7);
        assertThat(leases.holdsBounded(HOST)).isTrue();
    }
}
