package io.kelpie.controller.leadership;

/**
 * The right to write to the store. Only this package makes one, after the write that began the term is known to have
 * succeeded, so a write without a term does not compile.
 *
 * <p>A term has a fence in the store: a record of its own, under a name that no other term ever had. Every batch of the
 * term changes that record, and the write that begins the next term removes it; so nothing that was sent under an ended
 * term can be applied, whenever it arrives. Immutable; equal only to itself.
 */
public final class LeaderTerm {
    private final long epoch;
    private final String fence;

    LeaderTerm(long epoch, String fence) {
        this.epoch = epoch;
        this.fence = fence;
    }

    /** The term's number; grows with every term of the cluster. */
    public long epoch() {
        return epoch;
    }

    /** Name of the term's fence; for implementations of the store. */
    public String fence() {
        return fence;
    }

    @Override
    public String toString() {
        return "term " + epoch;
    }
}
