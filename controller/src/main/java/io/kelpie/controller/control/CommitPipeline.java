package io.kelpie.controller.control;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;

/**
 * Commits the units of one term in order and runs each unit's effects after its commit: the one place where "no effect
 * before its commit" holds.
 *
 * <p>Up to {@link #WINDOW} batches are under way; units that arrive meanwhile share the next batch. After an unknown
 * outcome nothing is sent until the store has settled which batches were applied; the others are sent again, which is
 * safe because they cannot be applied any more under their old fence versions.
 *
 * <p>Belongs to the control thread. Answers of the store arrive there as {@link ControlEvent}s.
 */
final class CommitPipeline {
    /** Batches under way at once. */
    static final int WINDOW = 8;

    /** Writes of one batch: keeps one ZooKeeper transaction short. */
    static final int MAX_WRITES = 500;

    /** Units that may wait behind the window before no VM is placed: what is urgent comes after them. */
    private static final int CONGESTED = 4 * MAX_WRITES;

    private record Batch(long number, WriteBatch writes, List<Unit> units, long sentNanos) {}

    private final LeaderTerm term;
    private final ClusterStore store;
    private final Consumer<ControlEvent> events;
    private final ObjLongConsumer<CommitOutcome> outcomes;
    private final TimeSource time;

    private final Deque<Unit> waiting = new ArrayDeque<>();
    private final Deque<Batch> underWay = new ArrayDeque<>();
    private long batchesMade;
    private boolean settling;
    private boolean closing;
    private boolean ended;

    /**
     * @param events takes the store's answers; called on threads of the store
     * @param outcomes measures each answer and the nanoseconds that it took
     */
    CommitPipeline(
            LeaderTerm term,
            ClusterStore store,
            Consumer<ControlEvent> events,
            ObjLongConsumer<CommitOutcome> outcomes,
            TimeSource time) {
        this.term = term;
        this.store = store;
        this.events = events;
        this.outcomes = outcomes;
        this.time = time;
    }

    /** Takes a unit; its effects run once it and all before it are durable, at the earliest in {@link #flush}. */
    void submit(Unit unit) {
        if (ended || closing) {
            unit.abandon();
            return;
        }
        waiting.addLast(unit);
        closing = unit.isLast();
    }

    /** Sends what waits, as far as the window allows. */
    void flush() {
        while (!waiting.isEmpty() && !settling && !ended) {
            if (waiting.getFirst().writes().isEmpty()) {
                Unit unit = waiting.removeFirst();
                if (underWay.isEmpty()) {
                    unit.runEffects();
                } else {
                    underWay.getLast().units().add(unit);
                }
                continue;
            }
            if (underWay.size() >= WINDOW) {
                return;
            }
            send(nextBatch());
        }
    }

    /** True if more waits than the window takes soon: what can be decided later had better wait until it is less. */
    boolean isCongested() {
        return waiting.size() >= CONGESTED;
    }

    /** True if everything submitted is durable. */
    boolean isIdle() {
        return waiting.isEmpty() && underWay.isEmpty();
    }

    /** True while it is not known which batches were applied. */
    boolean isSettling() {
        return settling;
    }

    private Batch nextBatch() {
        List<Unit> units = new ArrayList<>();
        List<Write> writes = new ArrayList<>();
        long bytes = 0;
        while (!waiting.isEmpty()) {
            Unit next = waiting.getFirst();
            bytes += next.bytes();
            boolean fits = bytes <= WriteBatch.MAX_BYTES
                    && writes.size() + next.writes().size() <= MAX_WRITES;
            if (!fits && !units.isEmpty()) {
                break;
            }
            units.add(waiting.removeFirst());
            writes.addAll(next.writes());
        }
        return new Batch(batchesMade++, new WriteBatch(writes), units, time.nanoTime());
    }

    private void send(Batch batch) {
        underWay.addLast(batch);
        store.commit(term, batch.writes())
                .thenAccept(outcome -> events.accept(new ControlEvent.CommitAnswered(term, batch.number(), outcome)));
    }

    /**
     * The store's answer to a batch.
     *
     * @return false if the term cannot go on
     */
    boolean answered(long number, CommitOutcome outcome) {
        if (ended) {
            return false;
        }
        underWay.stream()
                .filter(batch -> batch.number() == number)
                .forEach(batch -> outcomes.accept(outcome, time.nanoTime() - batch.sentNanos()));
        return switch (outcome) {
            case COMMITTED -> {
                if (!settling && !underWay.isEmpty() && underWay.getFirst().number() == number) {
                    complete(underWay.removeFirst());
                }
                yield true;
            }
            case OUTCOME_UNKNOWN -> {
                settle();
                yield true;
            }
            case CONFLICT, TERM_ENDED -> settling; // a batch behind an unknown one: settling tells what became of it
        };
    }

    private void settle() {
        if (settling) {
            return;
        }
        settling = true;
        store.settle(term)
                .whenComplete((applied, failure) ->
                        events.accept(new ControlEvent.Settled(term, failure == null ? applied : Optional.empty())));
    }

    /**
     * The store has settled how many batches of the term were applied.
     *
     * @return false if the term cannot go on
     */
    boolean settled(Optional<Long> applied) {
        if (ended || applied.isEmpty()) {
            return false;
        }
        settling = false;
        while (!underWay.isEmpty() && underWay.getFirst().number() < applied.get()) {
            complete(underWay.removeFirst());
        }
        List<Batch> again = List.copyOf(underWay);
        underWay.clear();
        again.forEach(this::send);
        return true;
    }

    /** Ends the pipeline: nothing is sent and no effect runs any more. */
    void end() {
        ended = true;
        underWay.forEach(batch -> batch.units().forEach(Unit::abandon));
        underWay.clear();
        waiting.forEach(Unit::abandon);
        waiting.clear();
    }

    private void complete(Batch batch) {
        batch.units().forEach(Unit::runEffects);
    }
}
