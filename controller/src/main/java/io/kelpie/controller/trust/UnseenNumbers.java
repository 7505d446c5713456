package io.kelpie.controller.trust;

import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** How a store that is put back or accepted goes on with numbers that nobody has seen yet. Pure. */
public final class UnseenNumbers {
    /**
     * Terms and changes of the controller set that may have happened without this controller, or any host that it has
     * heard, having seen them. A host that has seen a higher epoch shows it when it connects, and the store is read-only
     * again.
     */
    static final long MARGIN = 1_000;

    private UnseenNumbers() {}

    /** An epoch above all that are given, and above what may have come after them. */
    public static long epochAbove(long... epochs) {
        long highest = 0;
        for (long epoch : epochs) {
            highest = Math.max(highest, epoch);
        }
        return Math.addExact(highest, MARGIN);
    }

    /**
     * The set of controllers that a store goes on with: the latest that is known, under a version above what may have
     * come after it, and above that of every store that was put back or accepted before, as the epoch is. A controller
     * that has read no set in this process and is let in by none of those stored, takes its configuration's: its cluster
     * was put back on other machines. No host relies on it before it was heard under it.
     *
     * @param known the set as this process has read it
     * @param stored sets of the store and of a backup
     */
    public static ControllerSet setAbove(
            Optional<ControllerSet> known, Collection<ControllerSet> stored, ControllerIdentity self, long epoch) {
        Optional<ControllerSet> latest =
                Stream.concat(known.stream(), stored.stream()).max(Comparator.comparingLong(ControllerSet::version));
        long version = Math.max(
                epoch, latest.map(set -> Math.addExact(set.version(), MARGIN)).orElse(0L));
        boolean barred = latest.isEmpty() || ControllerSet.entry(latest, self) instanceof ControllerSet.Entry.Refused;
        return known.isEmpty() && barred
                ? new ControllerSet(version, self.founding(), List.of())
                : latest.map(set -> new ControllerSet(version, set.members(), set.awaited()))
                        .orElseThrow();
    }
}
