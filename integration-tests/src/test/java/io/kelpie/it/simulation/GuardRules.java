package io.kelpie.it.simulation;

import io.kelpie.agent.fencing.Deadline;
import io.kelpie.agent.fencing.Deadline.End;
import java.util.Optional;

/** What a guard judges by; a mutation takes one of these away. */
interface GuardRules {
    /** As kelpie-guard does it. */
    GuardRules SAFE = new GuardRules() {};

    /** Whether QEMU may be run: same boot, same lineage, deadline not passed. */
    default boolean mayRun(Optional<Deadline> file, String bootId, long lineage, long nowNanos) {
        return goesOn(file, bootId, lineage, nowNanos);
    }

    /** Whether QEMU may go on when the timer has fired and the file was read again. */
    default boolean goesOn(Optional<Deadline> file, String bootId, long lineage, long nowNanos) {
        return file.filter(deadline -> deadline.bootId().equals(bootId)
                        && deadline.lineage() == lineage
                        && (deadline.end() instanceof End.Thaw
                                || deadline.end() instanceof End.At at && at.nanos() > nowNanos))
                .isPresent();
    }

    /** Whether a guard enforces the deadline at all. */
    default boolean enforces() {
        return true;
    }

    /** Whether the record comes before the checks, not after them. */
    default boolean recordsFirst() {
        return true;
    }
}
