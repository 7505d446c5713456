package io.kelpie.controller.scheduling;

import java.util.List;

/** A decision for each request, in the order of the requests; each sees what the earlier ones took. */
public record Plan(List<Decision> decisions) {
    public Plan {
        decisions = List.copyOf(decisions);
    }
}
