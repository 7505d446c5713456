package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Instances;
import java.util.Arrays;
import java.util.List;

/** What is to be ended on one host, by the numbers of the instances, the least important first. Immutable. */
final class Choice {
    private final int[] victims;
    private final int[] claims;
    private final List<Integer> numaNodes;

    Choice(int[] victims, int[] claims, List<Integer> numaNodes) {
        this.victims = victims.clone();
        this.claims = claims.clone();
        this.numaNodes = List.copyOf(numaNodes);
    }

    Price price(Instances instances, long skew, long hostRank, String hostId) {
        int highest = Price.NO_PRIORITY;
        long sum = 0;
        long oldest = Price.NO_AGE;
        for (int victim : victims) {
            highest = Math.max(highest, instances.ask(victim).priority());
            sum += instances.ask(victim).priority();
            oldest = Math.min(oldest, instances.sinceMillis(victim));
        }
        return new Price(Price.key(skew, victims.length, claims.length, highest, sum), oldest, hostRank, hostId);
    }

    List<Victim> victims(Instances instances) {
        return Arrays.stream(victims)
                .mapToObj(instance -> {
                    Ask ask = instances.ask(instance);
                    return new Victim(
                            ask.vmId(),
                            ask.terms().members().key(),
                            ask.priority(),
                            instances.sinceMillis(instance),
                            instance);
                })
                .toList();
    }

    int[] claims() {
        return claims.clone();
    }

    List<Integer> numaNodes() {
        return numaNodes;
    }
}
