package io.kelpie.controller.scheduling.explain;

import java.util.List;

/**
 * What would let a VM onto the host that fails the fewest rules.
 *
 * @param hostId the host's UUID
 * @param host its name
 * @param rules the rules that it fails, at least one
 * @param changes a change for each rule; all of them are needed
 */
public record Fix(String hostId, String host, List<String> rules, List<String> changes) {
    public Fix {
        rules = List.copyOf(rules);
        changes = List.copyOf(changes);
    }
}
