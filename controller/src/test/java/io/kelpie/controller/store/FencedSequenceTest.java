package io.kelpie.controller.store;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.CONFLICT;
import static io.kelpie.controller.store.CommitOutcome.OUTCOME_UNKNOWN;
import static io.kelpie.controller.store.CommitOutcome.TERM_ENDED;
import static io.kelpie.controller.store.FencedSequence.Answer.APPLIED;
import static io.kelpie.controller.store.FencedSequence.Answer.FENCE_BEHIND;
import static io.kelpie.controller.store.FencedSequence.Answer.FENCE_GONE;
import static io.kelpie.controller.store.FencedSequence.Answer.LOST;
import static io.kelpie.controller.store.FencedSequence.Answer.RECORD_REFUSED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.controller.store.FencedSequence.Place;
import org.junit.jupiter.api.Test;

class FencedSequenceTest {
    private final FencedSequence pipeline = new FencedSequence();

    @Test
    void countsFromTheFencesFirstVersion() {
        assertThat(pipeline.take()).isEqualTo(new Place(0, 0));
        assertThat(pipeline.take()).isEqualTo(new Place(0, 1));
    }

    @Test
    void afterALostAnswerEverythingIsUnknownUntilItIsSettled() {
        Place first = pipeline.take();
        Place second = pipeline.take();
        Place third = pipeline.take();
        assertThat(pipeline.answered(first, APPLIED)).isEqualTo(COMMITTED);
        assertThat(pipeline.answered(second, LOST)).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(pipeline.answered(third, FENCE_BEHIND)).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(pipeline.isOpen()).isFalse();
        assertThat(pipeline.refusal()).isEqualTo(OUTCOME_UNKNOWN);
        assertThatThrownBy(pipeline::take).isInstanceOf(IllegalStateException.class);

        assertThat(pipeline.settled(2)).isEqualTo(2);
        assertThat(pipeline.take()).isEqualTo(new Place(1, 0));
        assertThat(pipeline.settled(1)).isEqualTo(3);
    }

    @Test
    void afterARefusalNothingIsUnknown() {
        Place first = pipeline.take();
        Place second = pipeline.take();
        assertThat(pipeline.answered(first, RECORD_REFUSED)).isEqualTo(CONFLICT);
        assertThat(pipeline.answered(second, LOST)).isEqualTo(TERM_ENDED);
        assertThat(pipeline.refusal()).isEqualTo(TERM_ENDED);
        assertThat(pipeline.hasEnded()).isTrue();
    }

    @Test
    void aLostAnswerDoesNotHideThatTheTermIsOver() {
        Place first = pipeline.take();
        Place second = pipeline.take();
        assertThat(pipeline.answered(first, LOST)).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(pipeline.answered(second, FENCE_GONE)).isEqualTo(TERM_ENDED);
        assertThat(pipeline.refusal()).isEqualTo(TERM_ENDED);
    }

    @Test
    void anAnswerThatComesAfterTheSettlementChangesNothing() {
        Place first = pipeline.take();
        Place second = pipeline.take();
        pipeline.lost();
        pipeline.settled(1);
        assertThat(pipeline.answered(first, APPLIED)).isEqualTo(COMMITTED);
        assertThat(pipeline.answered(second, FENCE_GONE)).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(pipeline.isOpen()).isTrue();
    }

    @Test
    void aProofDuringASettlementDoesNotEndTheTerm() {
        assertThat(pipeline.proved(0, APPLIED)).isEqualTo(COMMITTED);
        pipeline.lost();
        assertThat(pipeline.proved(0, FENCE_GONE)).isEqualTo(OUTCOME_UNKNOWN);
        pipeline.settled(0);
        assertThat(pipeline.proved(0, FENCE_GONE)).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(pipeline.proved(1, FENCE_GONE)).isEqualTo(TERM_ENDED);
    }

    /** Versions in ZooKeeper are ints that wrap. */
    @Test
    void endsTheTermLongBeforeTheFencesVersionWraps() {
        FencedSequence small = new FencedSequence(2);
        small.take();
        assertThat(small.isOpen()).isTrue();
        small.take();
        assertThat(small.isOpen()).isFalse();
        assertThat(small.refusal()).isEqualTo(TERM_ENDED);
        assertThat(FencedSequence.MAX_VERSION).isLessThanOrEqualTo(1 << 30);
    }
}
