package io.kelpie.controller.scheduling;

import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The outcome for one request.
 *
 * @param vmId the VM
 * @param host id of the chosen host; empty if none passed
 * @param score of the chosen host, 0 to 100
 * @param hostsConsidered hosts in the snapshot
 * @param rules a row per rule that removed a host, in the order of evaluation
 */
public record Decision(UUID vmId, Optional<String> host, int score, int hostsConsidered, List<RuleOutcome> rules) {
    public Decision {
        rules = List.copyOf(rules);
    }
}
