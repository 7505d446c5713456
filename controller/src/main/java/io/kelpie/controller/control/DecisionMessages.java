package io.kelpie.controller.control;

import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.explain.Explanation;
import io.kelpie.controller.scheduling.explain.Fix;
import io.kelpie.controller.scheduling.explain.ScorePart;
import io.kelpie.controller.scheduling.explain.Standing;
import io.kelpie.controller.scheduling.score.Scorer;
import io.kelpie.proto.v1.HostScore;
import io.kelpie.proto.v1.SmallestFix;
import java.util.List;
import java.util.function.UnaryOperator;

/** Decisions as they are stored and shown. Pure. */
public final class DecisionMessages {
    private static final long HUNDREDTHS = 100;

    private DecisionMessages() {}

    /**
     * A decision.
     *
     * @param nameOfHost the name of a host by its id
     * @param atMillis when it was made, in milliseconds since 1970
     * @param incarnation of the VM, that it is about
     */
    public static io.kelpie.proto.v1.Decision.Builder of(
            Decision decision, UnaryOperator<String> nameOfHost, long atMillis, long incarnation) {
        io.kelpie.proto.v1.Decision.Builder message = io.kelpie.proto.v1.Decision.newBuilder()
                .setAtMillis(atMillis)
                .setIncarnation(incarnation)
                .setScore(decision.score())
                .setHostsConsidered(decision.hostsConsidered())
                .addAllRules(rules(decision.rules()));
        decision.host().ifPresent(host -> message.setHostId(host).setHostName(nameOfHost.apply(host)));
        return message;
    }

    /** Adds what an explanation of the same decision tells beside it. */
    public static void explain(Explanation explanation, io.kelpie.proto.v1.Decision.Builder message) {
        message.clearRules()
                .addAllRules(rules(explanation.rules()))
                .clearBest()
                .setWhy(explanation.hosts() == 0 ? "there is no host in the cluster" : explanation.why());
        explanation.best().forEach(standing -> message.addBest(score(standing)));
        explanation.smallestFix().ifPresent(fix -> message.setSmallestFix(fix(fix)));
    }

    /** A row per rule that removed a host. */
    public static List<io.kelpie.proto.v1.RuleOutcome> rules(List<RuleOutcome> rules) {
        return rules.stream()
                .map(rule -> io.kelpie.proto.v1.RuleOutcome.newBuilder()
                        .setRule(rule.rule())
                        .setHostsRemoved(rule.hostsRemoved())
                        .setNearestHost(rule.nearestHost().orElse(""))
                        .setAsked(rule.asked())
                        .setFree(rule.free())
                        .setShortfall(rule.shortfall())
                        .setFix(rule.fix())
                        .build())
                .toList();
    }

    private static HostScore score(Standing standing) {
        HostScore.Builder score = HostScore.newBuilder()
                .setHostId(standing.hostId())
                .setHostName(standing.host())
                .setCostHundredths(hundredths(standing.cost()));
        for (ScorePart part : standing.parts()) {
            score.addParts(io.kelpie.proto.v1.ScorePart.newBuilder()
                    .setName(part.name())
                    .setCostHundredths(hundredths(part.cost())));
        }
        return score.build();
    }

    private static long hundredths(long cost) {
        return cost * HUNDREDTHS / Scorer.POINT;
    }

    private static SmallestFix fix(Fix fix) {
        return SmallestFix.newBuilder()
                .setHostId(fix.hostId())
                .setHostName(fix.host())
                .addAllRules(fix.rules())
                .addAllChanges(fix.changes())
                .build();
    }
}
