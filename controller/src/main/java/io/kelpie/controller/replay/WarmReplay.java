package io.kelpie.controller.replay;

import io.kelpie.common.time.TimeSource;

/**
 * Replays a trace again and again for about two seconds, so that the times of a short one are those of the engine and not
 * of a JVM that is still compiling it. Each time must give the same plan. Used by one thread.
 */
final class WarmReplay {
    private static final long WARM_NANOS = 2_000_000_000L;
    private static final int MOST_REPLAYS = 50;

    private final ReplayPool pool;
    private final Trace trace;
    private final ReplayRules rules;
    private final Placements.Factory engines;
    private final TimeSource clock;

    WarmReplay(ReplayPool pool, Trace trace, ReplayRules rules, Placements.Factory engines, TimeSource clock) {
        this.pool = pool;
        this.trace = trace;
        this.rules = rules;
        this.engines = engines;
        this.clock = clock;
    }

    /** The last of the replays. */
    ReplayOutcome run() throws ReplayFailedException {
        long begin = clock.nanoTime();
        ReplayOutcome outcome = ReplayRun.whole(pool, trace, rules, engines, clock);
        for (int replays = 1; replays < MOST_REPLAYS && clock.nanoTime() - begin < WARM_NANOS; replays++) {
            ReplayOutcome again = ReplayRun.whole(pool, trace, rules, engines, clock);
            if (!again.log().isSameAs(outcome.log())) {
                throw ReplayFailedException.failed(
                        "the engine made two different plans of the same trace, which is a defect",
                        "report it with both files and the options");
            }
            outcome = again;
        }
        return outcome;
    }
}
