package io.kelpie.controller.replay;

import java.util.Map;
import java.util.Optional;

/**
 * What a replay came to.
 *
 * @param placed VMs that got a place
 * @param rejected how many were rejected by each rule, by name
 * @param firstRejected the first of them
 * @param hostsUsed hosts that carried a VM at any time
 * @param peakHostsUsed most hosts that carried a VM at the same time
 * @param log every placement and removal
 */
public record ReplayOutcome(
        int placed,
        Map<String, Integer> rejected,
        Optional<ReplayVm> firstRejected,
        int hostsUsed,
        int peakHostsUsed,
        UsageSeries series,
        DecisionTimes times,
        ReplayLog log) {
    public int rejections() {
        return rejected.values().stream().mapToInt(Integer::intValue).sum();
    }

    /** Successful placements in a second of the engine's time: rejections and removals cost time and count nothing. */
    public double decisionsPerSecond() {
        double seconds = times.totalSeconds();
        return placed == 0 || seconds <= 0 ? 0 : placed / seconds;
    }
}
