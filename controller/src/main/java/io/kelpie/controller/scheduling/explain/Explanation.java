package io.kelpie.controller.scheduling.explain;

import io.kelpie.controller.scheduling.RuleOutcome;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Why a VM is, or would be, where it is; or why it is nowhere.
 *
 * @param vmId the VM
 * @param hosts hosts in the cluster
 * @param passing hosts that pass every rule; with the hosts that each rule removed they add up to {@code hosts}
 * @param rules a row per rule that removed a host, in the order of evaluation
 * @param best the host that is chosen and the two that come next; empty if none passes
 * @param choice how the first of them was chosen
 * @param smallestFix what would help soonest; only if none passes and there are hosts
 */
public record Explanation(
        UUID vmId,
        int hosts,
        int passing,
        List<RuleOutcome> rules,
        List<Standing> best,
        Choice choice,
        Optional<Fix> smallestFix) {
    /** How a host is chosen. */
    public enum Choice {
        /** No host passes. */
        NONE,
        /** It is the only host that passes. */
        ONLY,
        /** Of the hosts that pass, it alone has room for all VMs of a job that have to stay together. */
        WHOLE_GROUP,
        /** It costs least, ties by the seed. */
        LEAST_COST,
        /** The request prefers it, and it passes. */
        PREFERRED
    }

    public Explanation {
        rules = List.copyOf(rules);
        best = List.copyOf(best);
    }

    /** The host that is chosen. */
    public Optional<Standing> chosen() {
        return best.stream().findFirst();
    }

    /** The choice in a sentence, without the parts of the scores. */
    public String why() {
        return switch (choice) {
            case NONE -> "none of " + hosts + " hosts passes every rule";
            case ONLY -> best.get(0).host() + " is the only one of " + hosts + " hosts that passes every rule";
            case WHOLE_GROUP ->
                best.get(0).host() + " is the only one of the " + passing
                        + " hosts that pass which has room for all VMs" + " of the job, and they have to stay together";
            case PREFERRED -> best.get(0).host() + " is preferred and passes every rule, as " + others(passing - 1);
            case LEAST_COST -> leastCost();
        };
    }

    private String leastCost() {
        Standing first = best.get(0);
        Standing second = best.get(1);
        String passed = passing + " of " + hosts + " hosts pass every rule; ";
        if (first.cost() == second.cost()) {
            return passed + first.host() + " and " + second.host() + " cost the same, " + ScorePart.points(first.cost())
                    + " points, and the seed decides";
        }
        return passed + first.host() + " costs least, " + ScorePart.points(first.cost()) + " points; " + second.host()
                + " costs " + ScorePart.points(second.cost()) + largestDifference(first, second);
    }

    private static String largestDifference(Standing first, Standing second) {
        String name = "";
        long most = 0;
        for (int i = 0; i < first.parts().size(); i++) {
            long difference =
                    second.parts().get(i).cost() - first.parts().get(i).cost();
            if (difference > most) {
                most = difference;
                name = first.parts().get(i).name();
            }
        }
        return name.isEmpty() ? "" : ", most of it for " + name;
    }

    private static String others(int count) {
        return count == 1 ? "does 1 other host" : "do " + count + " other hosts";
    }
}
