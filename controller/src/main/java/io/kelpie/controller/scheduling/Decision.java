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
 * @param numaNodes the chosen host's NUMA nodes that carry the VM; empty if it is bound to none
 * @param hostsConsidered hosts in the snapshot
 * @param rules a row per rule that removed a host, in the order of evaluation; for a placed VM they may be left out
 * @param backupHost id of the host that keeps room for the VM should its own be lost; empty if none does
 */
public record Decision(
        UUID vmId,
        Optional<String> host,
        int score,
        List<Integer> numaNodes,
        int hostsConsidered,
        List<RuleOutcome> rules,
        Optional<String> backupHost) {
    public Decision {
        numaNodes = List.copyOf(numaNodes);
        rules = List.copyOf(rules);
    }

    /** A VM that no host will do for. */
    public static Decision rejected(UUID vmId, int hostsConsidered, List<RuleOutcome> rules) {
        return new Decision(vmId, Optional.empty(), 0, List.of(), hostsConsidered, rules, Optional.empty());
    }

    /** The same with another backup. */
    Decision backedUpOn(Optional<String> backup) {
        return backup.equals(backupHost)
                ? this
                : new Decision(vmId, host, score, numaNodes, hostsConsidered, rules, backup);
    }
}
