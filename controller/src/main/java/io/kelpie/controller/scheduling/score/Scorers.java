package io.kelpie.controller.scheduling.score;

import java.util.List;

/** What makes a host better or worse, beside the room that is left on it. */
public final class Scorers {
    public static final List<Scorer> ALL = List.of(new ReserveScorer(), new PreferenceScorer(), new ImageScorer());

    private Scorers() {}
}
