package io.kelpie.controller.scheduling;

import java.util.Optional;

/**
 * What one rule did in a decision.
 *
 * @param rule its name, e.g. {@code memory}
 * @param hostsRemoved hosts that this rule was the first to remove; over all rules they add up to the hosts that did
 *     not pass
 * @param nearestHost name of the removed host that came nearest; empty if distance has no meaning
 * @param asked what was asked for, with unit
 * @param free what the nearest host had, with unit
 * @param shortfall the difference, with unit; empty if it has no meaning
 * @param fix the smallest change that would help
 */
public record RuleOutcome(
        String rule,
        int hostsRemoved,
        Optional<String> nearestHost,
        String asked,
        String free,
        String shortfall,
        String fix) {}
