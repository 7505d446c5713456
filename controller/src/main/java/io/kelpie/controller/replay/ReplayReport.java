package io.kelpie.controller.replay;

import java.util.OptionalInt;

/**
 * All that a replay tells.
 *
 * @param minHosts the fewest uniform hosts without a rejection, if that was asked for
 */
public record ReplayReport(
        ReplayPool pool, Trace trace, ReplayOutcome outcome, OptionalInt minHosts, ReplayChecker.Verdict verdict) {}
