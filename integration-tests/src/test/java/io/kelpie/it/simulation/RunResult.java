package io.kelpie.it.simulation;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What became of a run.
 *
 * @param virtualNanos how much virtual time has passed
 * @param hash the same for two runs only if they were the same
 * @param violation what a checker found
 * @param checker which one
 * @param notConverged what was still wrong too long after all faults had ended
 * @param log the last lines of the run's log
 */
record RunResult(
        long seed,
        long virtualNanos,
        long events,
        long hash,
        Map<Fault, Integer> faults,
        Optional<String> checker,
        Optional<String> violation,
        Optional<String> notConverged,
        List<String> log) {
    boolean clean() {
        return violation.isEmpty() && notConverged.isEmpty();
    }
}
