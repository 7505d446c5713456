package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.EnginePlacements;
import io.kelpie.controller.replay.Placements;
import io.kelpie.controller.replay.ReplayRules;
import io.kelpie.controller.replay.baseline.ScanPlacements;

/** What places the VMs of a trace. */
public enum Engine {
    FIRST_FIT("firstFit", ReplayRules.Policy.PACK),
    BEST_FIT("bestFit", ReplayRules.Policy.PACK),
    SPREAD("spread", ReplayRules.Policy.SPREAD),
    KELPIE_PACK("kelpiePack", ReplayRules.Policy.PACK),
    KELPIE_SPREAD("kelpieSpread", ReplayRules.Policy.SPREAD);

    private static final long SEED = 1;

    private final String key;
    private final ReplayRules.Policy policy;

    Engine(String key, ReplayRules.Policy policy) {
        this.key = key;
        this.policy = policy;
    }

    /** Its name in JSON. */
    public String key() {
        return key;
    }

    public Placements.Factory factory() {
        return switch (this) {
            case FIRST_FIT -> ScanPlacements.factory(ScanPlacements.Choice.FIRST_FIT);
            case BEST_FIT -> ScanPlacements.factory(ScanPlacements.Choice.BEST_FIT);
            case SPREAD -> ScanPlacements.factory(ScanPlacements.Choice.SPREAD);
            case KELPIE_PACK, KELPIE_SPREAD -> EnginePlacements::new;
        };
    }

    /** The trace's sizes as they stand. */
    public ReplayRules rules() {
        return new ReplayRules(policy, ReplayRules.Overhead.NONE, SEED);
    }
}
