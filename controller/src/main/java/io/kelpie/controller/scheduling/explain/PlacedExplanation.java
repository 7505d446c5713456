package io.kelpie.controller.scheduling.explain;

import java.util.List;
import java.util.Optional;

/**
 * How the host of a placed VM stands now.
 *
 * @param hostId the host's UUID
 * @param host its name
 * @param standing what speaks against it; empty if it does not pass every rule any more
 * @param failed the rules that it would fail now, were the VM to ask anew; a running VM is not judged by them
 * @param anew what the engine would decide now, were the VM to ask anew
 */
public record PlacedExplanation(
        String hostId, String host, Optional<Standing> standing, List<String> failed, Explanation anew) {
    public PlacedExplanation {
        failed = List.copyOf(failed);
    }

    /** Why it is here, as far as the present state of the cluster tells, in a sentence. */
    public String why() {
        if (standing.isEmpty()) {
            return host + " would not pass " + String.join(", ", failed)
                    + " now; the VM was placed when it did, and stays";
        }
        return anew.chosen()
                .filter(best -> !best.hostId().equals(hostId))
                .map(best -> host + " costs " + ScorePart.points(standing.get().cost()) + " points now, "
                        + best.host() + " would be chosen with " + ScorePart.points(best.cost())
                        + "; a running VM is moved by drain or rebalance only")
                .orElseGet(anew::why);
    }
}
