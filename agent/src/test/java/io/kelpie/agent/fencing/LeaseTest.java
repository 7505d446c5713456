package io.kelpie.agent.fencing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.fencing.Lease.Held;
import io.kelpie.agent.fencing.Lease.Question;
import io.kelpie.agent.fencing.Lease.State;
import io.kelpie.agent.fencing.Lease.Verdict;
import io.kelpie.proto.v1.LeaseGrant;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LeaseTest {
    private static final String BOOT = "boot-1";
    private static final long EPOCH = 7;
    private static final long LENGTH = seconds(12);

    private long now = seconds(100);
    private Lease lease = new Lease(LeaseRules.SAFE, BOOT, Optional.empty(), now);
    private final List<Deadline> file = new ArrayList<>();

    private static long seconds(double seconds) {
        return (long) (seconds * 1e9);
    }

    private void passes(double seconds) {
        now += seconds(seconds);
    }

    /** The deadline file is written at once. */
    private void write() {
        for (Optional<Deadline> next = lease.nextWrite(); next.isPresent(); next = lease.nextWrite()) {
            file.add(next.get());
            lease.written(now);
        }
    }

    private Deadline lastWritten() {
        return file.get(file.size() - 1);
    }

    private LeaseGrant.Builder grant(Question question) {
        return LeaseGrant.newBuilder()
                .setEpoch(EPOCH)
                .setSequence(question.sequence())
                .setLineage(question.lineage())
                .setBootId(BOOT)
                .setLeaseMillis(12_000);
    }

    private Verdict answer(LeaseGrant.Builder grant) {
        Verdict verdict = lease.granted(grant.build(), EPOCH, now);
        write();
        return verdict;
    }

    private void passBarrier() {
        write();
        lease.barrierPassed();
    }

    /** Holds a lease that was asked for now. */
    private long hold() {
        passBarrier();
        assertThat(answer(grant(lease.ask(now)))).isEqualTo(Verdict.TAKEN);
        assertThat(lease.state()).isEqualTo(State.HELD);
        return lease.lineage();
    }

    @Test
    void aHostWithoutALeaseAsksForNothingBeforeTheBarrierIsPassed() {
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        assertThat(lease.ask(now)).isEqualTo(new Question(1, 0, false, false));
        assertThat(lease.barrierStands()).as("guards cannot read it yet").isFalse();
        assertThatThrownBy(lease::barrierPassed).isInstanceOf(IllegalStateException.class);
        passBarrier();
        assertThat(lastWritten().end()).isEqualTo(new Deadline.End.None());
        assertThat(lease.ask(now)).satisfies(question -> {
            assertThat(question.opens()).isTrue();
            assertThat(question.lineage()).isGreaterThan(lastWritten().lineage());
        });
    }

    @Test
    void aLeaseIsCountedFromItsQuestion() {
        passBarrier();
        Question question = lease.ask(now);
        long asked = now;
        passes(3);
        assertThat(answer(grant(question))).isEqualTo(Verdict.TAKEN);
        assertThat(lease.held()).contains(new Held(question.lineage(), asked + LENGTH));
        assertThat(lastWritten()).isEqualTo(Deadline.at(BOOT, question.lineage(), asked + LENGTH));
    }

    @Test
    void aLongerLeaseCountsOnlyOnceItIsWritten() {
        long lineage = hold();
        long first = now + LENGTH;
        passes(11);
        lease.granted(grant(lease.ask(now)).build(), EPOCH, now);
        assertThat(lease.mayStart(lineage, now)).as("1 s is left in the file").isFalse();
        assertThat(lease.held()).contains(new Held(lineage, first));
        write();
        assertThat(lease.mayStart(lineage, now)).isTrue();
        assertThat(lease.held()).contains(new Held(lineage, now + LENGTH));
    }

    @Test
    void aWriteThatComesAfterTheLapseRevivesNothing() {
        hold();
        passes(11);
        lease.granted(grant(lease.ask(now)).build(), EPOCH, now);
        lease.nextWrite();
        passes(2);
        lease.written(now);
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        write();
        assertThat(lastWritten()).isEqualTo(Deadline.none(BOOT, lease.lineage()));
    }

    @Test
    void aWriteThatFailsIsDoneAgainUnlessSomethingNewerIsToBeWritten() {
        hold();
        passes(1);
        lease.granted(grant(lease.ask(now)).build(), EPOCH, now);
        Deadline failed = lease.nextWrite().orElseThrow();
        lease.notWritten();
        assertThat(lease.nextWrite()).contains(failed);
        passes(1);
        lease.granted(grant(lease.ask(now)).build(), EPOCH, now);
        assertThat(lease.nextWrite()).as("one write at a time").isEmpty();
        lease.notWritten();
        assertThat(lease.nextWrite()).contains(Deadline.at(BOOT, lease.lineage(), now + LENGTH));
    }

    /** Grants that are not to be taken, and nothing else about them is wrong. */
    enum BadGrant {
        OTHER_BOOT(grant -> grant.setBootId("boot-0"), Verdict.OTHER_BOOT),
        LOWER_EPOCH(grant -> grant.setEpoch(EPOCH - 1), Verdict.OTHER_EPOCH),
        UNHEARD_EPOCH(grant -> grant.setEpoch(EPOCH + 1), Verdict.OTHER_EPOCH),
        EARLIER_LINEAGE(grant -> grant.setLineage(grant.getLineage() - 1), Verdict.OTHER_LINEAGE),
        LATER_LINEAGE(grant -> grant.setLineage(grant.getLineage() + 1), Verdict.OTHER_LINEAGE),
        NO_LINEAGE(grant -> grant.setLineage(0), Verdict.OTHER_LINEAGE),
        QUESTION_NEVER_ASKED(grant -> grant.setSequence(grant.getSequence() + 1), Verdict.NO_SUCH_QUESTION),
        QUESTION_GRANTED_BEFORE(grant -> grant.setSequence(grant.getSequence() - 1), Verdict.NO_SUCH_QUESTION),
        NO_LENGTH(grant -> grant.setLeaseMillis(0), Verdict.TOO_LATE);

        final UnaryOperator<LeaseGrant.Builder> change;
        final Verdict verdict;

        BadGrant(UnaryOperator<LeaseGrant.Builder> change, Verdict verdict) {
            this.change = change;
            this.verdict = verdict;
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatDoesNotAnswerAnOpenQuestionOfThisLeaseIsDropped(BadGrant bad) {
        hold();
        Held held = lease.held().orElseThrow();
        passes(1);
        Question question = lease.ask(now);
        assertThat(answer(bad.change.apply(grant(question)))).isEqualTo(bad.verdict);
        assertThat(lease.held()).contains(held);
        assertThat(answer(grant(question))).isEqualTo(Verdict.TAKEN);
    }

    @Test
    void aGrantOfAnEarlierStreamIsDropped() {
        hold();
        Question question = lease.ask(now);
        lease.streamEnded();
        assertThat(answer(grant(question))).isEqualTo(Verdict.NO_SUCH_QUESTION);
    }

    @Test
    void grantsOutOfOrderNeverShortenALease() {
        hold();
        passes(1);
        Question earlier = lease.ask(now);
        passes(1);
        Question later = lease.ask(now);
        assertThat(answer(grant(later))).isEqualTo(Verdict.TAKEN);
        Held held = lease.held().orElseThrow();
        assertThat(answer(grant(earlier))).isEqualTo(Verdict.NO_SUCH_QUESTION);
        passes(1);
        assertThat(answer(grant(lease.ask(now)).setLeaseMillis(2_000))).isEqualTo(Verdict.TAKEN);
        assertThat(lease.held()).as("a shorter one does not count").contains(held);
    }

    @Test
    void aLateGrantNeverRevivesALapsedLease() {
        long lineage = hold();
        passes(6);
        Question question = lease.ask(now);
        passes(6);
        assertThat(answer(grant(question))).isEqualTo(Verdict.LAPSED);
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        assertThat(lease.lineage()).isGreaterThan(lineage);
        assertThat(lastWritten()).isEqualTo(Deadline.none(BOOT, lease.lineage()));
        passBarrier();
        assertThat(answer(grant(question))).isEqualTo(Verdict.OTHER_LINEAGE);
        assertThat(lease.state()).isEqualTo(State.ASKING);
    }

    @Test
    void aProcessThatStoodStillDoesNothingByALapsedLease() {
        long lineage = hold();
        passes(60);
        assertThat(lease.mayStart(lineage, now)).isFalse();
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        assertThat(lease.ask(now).lineage()).isZero();
    }

    @Test
    void aStartNeedsTheHeldLineageAndMoreThanTheKillMargin() {
        long lineage = hold();
        assertThat(lease.mayStart(lineage, now)).isTrue();
        assertThat(lease.mayStart(lineage - 1, now)).isFalse();
        assertThat(lease.mayStart(lineage + 1, now)).isFalse();
        passes(9.9);
        assertThat(lease.mayStart(lineage, now)).isTrue();
        passes(0.1);
        assertThat(lease.mayStart(lineage, now)).as("2 s are left").isFalse();
        lease.leaderFound(Duration.ofSeconds(1), Duration.ofSeconds(1));
        assertThat(lease.mayStart(lineage, now)).isTrue();
    }

    @Test
    void eachQuestionForANewLeaseHasALineageOfItsOwnAndOnlyTheLastOneCounts() {
        passBarrier();
        Question first = lease.ask(now);
        passes(1);
        assertThat(lease.ask(now)).as("the first is given time").isEqualTo(new Question(2, 0, false, false));
        passes(2);
        Question second = lease.ask(now);
        assertThat(second.opens()).isTrue();
        assertThat(second.lineage()).isGreaterThan(first.lineage());
        assertThat(answer(grant(first))).isEqualTo(Verdict.OTHER_LINEAGE);
        assertThat(answer(grant(second))).isEqualTo(Verdict.TAKEN);
        assertThat(answer(grant(second))).as("granted once").isEqualTo(Verdict.NO_SUCH_QUESTION);
    }

    @Test
    void aNewStreamIsAskedAtOnce() {
        passBarrier();
        Question first = lease.ask(now);
        lease.streamEnded();
        Question second = lease.ask(now);
        assertThat(second.opens()).isTrue();
        assertThat(answer(grant(first))).isEqualTo(Verdict.OTHER_LINEAGE);
        assertThat(answer(grant(second))).isEqualTo(Verdict.TAKEN);
    }

    @Test
    void nothingIsAskedWhileANewLeaseIsBeingWritten() {
        passBarrier();
        lease.granted(grant(lease.ask(now)).build(), EPOCH, now);
        passes(5);
        assertThat(lease.ask(now).lineage()).isZero();
        write();
        assertThat(lease.state()).isEqualTo(State.HELD);
    }

    // ---- restarts of the agent --------------------------------------------------------------------------------------

    private void restart(Deadline found) {
        lease = new Lease(LeaseRules.SAFE, BOOT, Optional.of(found), now);
        file.clear();
    }

    @Test
    void anAgentThatIsStartedAnewGoesOnWithAnUnbrokenLease() {
        long lineage = hold();
        Held held = lease.held().orElseThrow();
        passes(11);
        restart(lastWritten());
        assertThat(lease.held()).contains(held);
        assertThat(lease.ask(now)).isEqualTo(new Question(1, lineage, false, false));
        passes(1);
        lease.look(now);
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        assertThat(lease.lineage()).isGreaterThan(lineage);
    }

    @Test
    void anAgentThatIsStartedAfterTheLapseBeginsBehindTheBarrierUnderANewLineage() {
        long lineage = hold();
        passes(12);
        restart(lastWritten());
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        assertThat(lease.lineage()).isGreaterThan(lineage);
        write();
        restart(lastWritten());
        assertThat(lease.state()).isEqualTo(State.BARRIER);
    }

    @Test
    void aDeadlineOfAnotherBootSaysNothing() {
        restart(Deadline.at("boot-0", 5, Long.MAX_VALUE / 2));
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        restart(Deadline.thaw("boot-0", 5));
        assertThat(lease.state()).isEqualTo(State.BARRIER);
    }

    // ---- freezes ----------------------------------------------------------------------------------------------------

    @Test
    void aFrozenLeaseLastsUntilAGrantEndsItAgain() {
        long lineage = hold();
        Question question = lease.ask(now);
        assertThat(question.untilThaw()).isFalse();
        assertThat(answer(grant(question).setUntilThaw(true))).isEqualTo(Verdict.TAKEN);
        assertThat(lastWritten()).isEqualTo(Deadline.thaw(BOOT, lineage));

        passes(3_600);
        lease.look(now);
        assertThat(lease.held()).contains(new Held(lineage, Lease.FOREVER));
        assertThat(lease.mayStart(lineage, now)).isTrue();
        assertThat(lease.wantsConfirmation(false, now))
                .as("there is nothing to extend")
                .isFalse();

        Question frozen = lease.ask(now);
        assertThat(frozen.untilThaw()).isTrue();
        lease.granted(grant(frozen).build(), EPOCH, now);
        assertThat(lease.ask(now).untilThaw())
                .as("guards may still read the thaw")
                .isTrue();
        write();
        assertThat(lastWritten()).isEqualTo(Deadline.at(BOOT, lineage, now + LENGTH));
        assertThat(lease.ask(now).untilThaw()).isFalse();
        passes(12);
        lease.look(now);
        assertThat(lease.state()).isEqualTo(State.BARRIER);
    }

    @Test
    void aThawThatComesTooLateLeavesTheLeaseFrozen() {
        hold();
        answer(grant(lease.ask(now)).setUntilThaw(true));
        Question question = lease.ask(now);
        passes(13);
        assertThat(answer(grant(question))).isEqualTo(Verdict.TOO_LATE);
        assertThat(lease.held().orElseThrow().endNanos()).isEqualTo(Lease.FOREVER);
    }

    /** Or the leader, which granted it, would wait for a word that never comes. */
    @Test
    void aLateGrantOfAFreezeIsTaken() {
        hold();
        Question question = lease.ask(now);
        passes(1);
        assertThat(lease.ask(now).untilThaw()).isFalse();
        assertThat(answer(grant(question).setUntilThaw(true))).isEqualTo(Verdict.TAKEN);
        assertThat(lease.ask(now).untilThaw()).isTrue();
    }

    @Test
    void aFailedWriteOfAThawMayHaveReachedTheGuards() {
        hold();
        lease.granted(grant(lease.ask(now)).setUntilThaw(true).build(), EPOCH, now);
        lease.nextWrite();
        lease.notWritten();
        assertThat(lease.ask(now).untilThaw()).isTrue();
    }

    @Test
    void anAgentThatIsStartedAnewDuringAFreezeStaysFrozen() {
        long lineage = hold();
        answer(grant(lease.ask(now)).setUntilThaw(true));
        passes(600);
        restart(lastWritten());
        assertThat(lease.ask(now)).isEqualTo(new Question(1, lineage, false, true));
    }

    // ---- unanimity --------------------------------------------------------------------------------------------------

    @Test
    void controllersAreAskedOnlyForALeaseThatNobodyExtends() {
        assertThat(lease.wantsConfirmation(false, now)).as("no lease").isFalse();
        hold();
        assertThat(lease.wantsConfirmation(true, now)).isFalse();
        assertThat(lease.wantsConfirmation(false, now)).isTrue();
        passes(2.1);
        assertThat(lease.wantsConfirmation(true, now)).isTrue();
        answer(grant(lease.ask(now)));
        assertThat(lease.wantsConfirmation(true, now)).isFalse();
    }

    @Test
    void unanimityExtendsFromTheInstantOfTheQuestion() {
        long lineage = hold();
        passes(5);
        long asked = now;
        passes(2);
        assertThat(lease.confirmed(asked, lineage, Duration.ofSeconds(12), now)).isTrue();
        write();
        assertThat(lease.held()).contains(new Held(lineage, asked + LENGTH));
    }

    @Test
    void unanimityNeverRevivesALapsedLease() {
        long lineage = hold();
        passes(11);
        long asked = now;
        passes(1);
        assertThat(lease.confirmed(asked, lineage, Duration.ofSeconds(12), now)).isFalse();
        assertThat(lease.state()).isEqualTo(State.BARRIER);
        write();
        assertThat(lease.confirmed(asked, lease.lineage(), Duration.ofSeconds(12), now))
                .isFalse();
        passBarrierWithoutWrite();
        assertThat(lease.confirmed(now, lease.lineage(), Duration.ofSeconds(12), now))
                .as("nobody but a leader gives a new lease")
                .isFalse();
    }

    private void passBarrierWithoutWrite() {
        lease.barrierPassed();
    }

    @Test
    void unanimityAboutAnEarlierLineageIsWorthNothing() {
        long earlier = hold();
        passes(12);
        lease.look(now);
        hold();
        assertThat(lease.confirmed(now, earlier, Duration.ofSeconds(12), now)).isFalse();
    }

    @Test
    void lineagesOfABootOnlyGrow() {
        long before = 0;
        for (int i = 0; i < 5; i++) {
            long lineage = hold();
            assertThat(lineage).isGreaterThan(before);
            before = lineage;
            passes(12);
            lease.look(now);
            restart(lastWritten());
        }
        lease = new Lease(LeaseRules.SAFE, BOOT, Optional.empty(), now);
        assertThat(lease.lineage()).as("also when the file is lost").isGreaterThan(before);
    }
}
