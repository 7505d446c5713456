package io.kelpie.controller.store;

/**
 * The batches of one term on their way to the store: gives each its place, and makes of the store's answers what the
 * caller is told. What both implementations of {@link ClusterStore} have in common, so that they cannot differ in it.
 *
 * <p>The fence of a term is a record whose version counts the batches applied; each batch names the version at which it
 * must find it. Settling replaces the fence by the next <em>generation</em> of it, under another name: a batch that is
 * still under way names the old one and can never be applied, however late it arrives.
 *
 * <p>Thread-safe. Admitting a batch and sending it must be one step to other senders (hold a lock around both), and
 * results must be reported in the order of sending.
 */
public final class FencedSequence {
    /**
     * Highest version of a fence: versions in ZooKeeper are ints that wrap. A term that gets here ends; the next one
     * has a fence that counts from 0 again.
     */
    static final int MAX_VERSION = 1 << 30;

    /** What the store said of one batch. */
    public enum Answer {
        /** All of it is applied. */
        APPLIED,
        /** A record did not have the expected version; nothing is applied. */
        RECORD_REFUSED,
        /** The fence is there at another version: an earlier batch was not applied, nor is this one. */
        FENCE_BEHIND,
        /** The fence is gone: another term has begun. */
        FENCE_GONE,
        /** No answer: applied or not, or even still under way. */
        LOST
    }

    /** The place of one batch: at which version it must find which generation of the fence. */
    public record Place(int generation, int version) {}

    private enum State {
        OPEN,
        UNSETTLED,
        ENDED
    }

    private final int maxVersion;
    private State state = State.OPEN;
    private int generation;
    private int nextVersion;
    private long appliedInEarlierGenerations;

    public FencedSequence() {
        this(MAX_VERSION);
    }

    FencedSequence(int maxVersion) {
        this.maxVersion = maxVersion;
    }

    /** Whether the next batch may be sent. */
    public synchronized boolean isOpen() {
        if (state == State.OPEN && nextVersion >= maxVersion) {
            state = State.ENDED;
        }
        return state == State.OPEN;
    }

    /** The next batch's place; it must be sent. Only while {@link #isOpen}. */
    public synchronized Place take() {
        if (!isOpen()) {
            throw new IllegalStateException("no batch may be sent: " + state);
        }
        return new Place(generation, nextVersion++);
    }

    /** The outcome of a batch that was not sent, because the pipeline is not open. */
    public synchronized CommitOutcome refusal() {
        return state == State.UNSETTLED ? CommitOutcome.OUTCOME_UNKNOWN : CommitOutcome.TERM_ENDED;
    }

    /** Turns the store's answer to a batch into its outcome. */
    public synchronized CommitOutcome answered(Place place, Answer answer) {
        if (place.generation() != generation) {
            // Settled meanwhile: what was not applied by then never will be, and the caller has learnt how many were.
            return answer == Answer.APPLIED ? CommitOutcome.COMMITTED : CommitOutcome.OUTCOME_UNKNOWN;
        }
        return switch (answer) {
            case APPLIED -> CommitOutcome.COMMITTED;
            case RECORD_REFUSED -> {
                state = State.ENDED;
                yield CommitOutcome.CONFLICT;
            }
            case FENCE_GONE -> {
                state = State.ENDED;
                yield CommitOutcome.TERM_ENDED;
            }
            case FENCE_BEHIND -> {
                // Not applied, that is certain. But after a lost answer the caller has to settle first, and learns
                // there what was applied: it is told the same of all batches after the lost one.
                if (state == State.UNSETTLED) {
                    yield CommitOutcome.OUTCOME_UNKNOWN;
                }
                state = State.ENDED;
                yield CommitOutcome.TERM_ENDED;
            }
            case LOST -> lost();
        };
    }

    /** Notes that answers may be missing, with or without a batch sent: nothing is sent before it is settled. */
    public synchronized CommitOutcome lost() {
        if (state == State.OPEN) {
            state = State.UNSETTLED;
        }
        // An earlier batch was refused: then this one was not applied, whatever became of its answer.
        return state == State.ENDED ? CommitOutcome.TERM_ENDED : CommitOutcome.OUTCOME_UNKNOWN;
    }

    /** The outcome of a check of the fence of the given generation. */
    public synchronized CommitOutcome proved(int checkedGeneration, Answer answer) {
        return switch (answer) {
            case APPLIED -> CommitOutcome.COMMITTED;
            case FENCE_GONE ->
                // While it is being settled the fence may have been replaced by the term itself.
                checkedGeneration == generation && state != State.UNSETTLED
                        ? CommitOutcome.TERM_ENDED
                        : CommitOutcome.OUTCOME_UNKNOWN;
            case RECORD_REFUSED, FENCE_BEHIND, LOST -> CommitOutcome.OUTCOME_UNKNOWN;
        };
    }

    /** The generation of the fence that batches name now. */
    public synchronized int generation() {
        return generation;
    }

    /** True once no batch can be committed any more. */
    public synchronized boolean hasEnded() {
        return state == State.ENDED;
    }

    /** No batch of the term will be sent any more. */
    public synchronized void end() {
        state = State.ENDED;
    }

    /**
     * The fence has been replaced by its next generation.
     *
     * @param applied version that the replaced fence had: how many batches of its generation were applied
     * @return how many batches of the term were applied since it began
     */
    public synchronized long settled(int applied) {
        appliedInEarlierGenerations += applied;
        generation++;
        nextVersion = 0;
        if (state == State.UNSETTLED) {
            state = State.OPEN;
        }
        return appliedInEarlierGenerations;
    }
}
