package io.kelpie.controller.scheduling.explain;

import java.util.List;

/**
 * A host that passes every rule for a request, with what speaks against it.
 *
 * @param hostId the host's UUID
 * @param host its name
 * @param parts what each consideration costs there; one that is equal on every host is left out
 */
public record Standing(String hostId, String host, List<ScorePart> parts) {
    public Standing {
        parts = List.copyOf(parts);
    }

    /** The sum of the parts, in units of {@link io.kelpie.controller.scheduling.score.Scorer#POINT}. */
    public long cost() {
        return parts.stream().mapToLong(ScorePart::cost).sum();
    }
}
