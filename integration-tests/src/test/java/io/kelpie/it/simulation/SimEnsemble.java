package io.kelpie.it.simulation;

import io.kelpie.controller.model.Seat;
import io.kelpie.controller.store.FencedSequence.Answer;
import io.kelpie.controller.store.FencedSequence.Place;
import io.kelpie.controller.store.memory.MemoryCluster;
import java.util.UUID;

/** The production memory store's shared half, which notes that something was written. */
final class SimEnsemble extends MemoryCluster {
    /** What the store checks of the term under which something comes. */
    enum Fence {
        CHECKED,
        /** Proofs succeed whoever leads by now. */
        NOT_CHECKED_BY_PROOFS,
        /** Writes too. */
        NOT_CHECKED
    }

    private final Fence fence;
    private boolean touched;
    private long changes;
    private boolean quorum = true;

    /** @param fence how the store checks terms; all but CHECKED is what no store of Kelpie's does */
    SimEnsemble(UUID clusterId, Fence fence) {
        super(clusterId);
        this.fence = fence;
    }

    boolean quorum() {
        return quorum;
    }

    void setQuorum(boolean now) {
        quorum = now;
    }

    /** Whether a write has arrived since the last call. */
    boolean takeTouched() {
        boolean was = touched;
        touched = false;
        return was;
    }

    /** Whether the term that began last is this controller's. */
    boolean isPresentLeader(String controllerId) {
        return term().filter(term -> term.controllerId().equals(controllerId)).isPresent();
    }

    /** Grows whenever anything may have changed. */
    long changes() {
        return changes;
    }

    @Override
    protected void written() {
        touched = true;
        changes++;
    }

    @Override
    public synchronized void acknowledge(String controllerId, long version) {
        changes++;
        super.acknowledge(controllerId, version);
    }

    @Override
    public synchronized void takeSeat(String controllerId, Seat seat, long since) {
        changes++;
        super.takeSeat(controllerId, seat, since);
    }

    @Override
    protected synchronized Answer judge(String name, Place place) {
        return switch (fence) {
            case CHECKED -> super.judge(name, place);
            case NOT_CHECKED_BY_PROOFS ->
                super.stands(name, place.generation()) ? super.judge(name, place) : Answer.FENCE_GONE;
            case NOT_CHECKED -> Answer.APPLIED;
        };
    }

    @Override
    protected synchronized boolean stands(String name, int generation) {
        return fence != Fence.CHECKED || super.stands(name, generation);
    }
}
