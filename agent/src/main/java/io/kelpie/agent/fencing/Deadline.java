package io.kelpie.agent.fencing;

/**
 * What the deadline file says: until when the host's leased instances may run.
 *
 * @param bootId the kernel's boot id; the file says nothing about another boot
 * @param lineage the lease's lineage; instances of any other one may not run
 * @param end when it ends
 */
public record Deadline(String bootId, long lineage, End end) {
    /** When a lease ends. */
    public sealed interface End {
        /** At this instant of the {@link BootClock}, unless it is extended before. */
        record At(long nanos) implements End {}

        /** There is no lease. */
        record None() implements End {}

        /** Not before a later file says so: the cluster is frozen. */
        record Thaw() implements End {}
    }

    public static Deadline at(String bootId, long lineage, long nanos) {
        return new Deadline(bootId, lineage, new End.At(nanos));
    }

    public static Deadline none(String bootId, long lineage) {
        return new Deadline(bootId, lineage, new End.None());
    }

    public static Deadline thaw(String bootId, long lineage) {
        return new Deadline(bootId, lineage, new End.Thaw());
    }

    public boolean isThaw() {
        return end instanceof End.Thaw;
    }
}
