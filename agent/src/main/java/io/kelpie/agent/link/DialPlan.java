package io.kelpie.agent.link;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Which controller is dialled next, and when. A controller that was named as the leader is dialled at once; otherwise
 * all are dialled in turn, each after a random wait (full jitter) below a bound that doubles from 100 ms to 1 s, so that
 * the hosts of a lost leader do not come all at the same moment. Belongs to the loop.
 */
final class DialPlan {
    private static final long FIRST_BOUND_MILLIS = 100;
    private static final long LAST_BOUND_MILLIS = 1_000;

    /** A controller to dial, and how long to wait before. */
    record Dial(String address, Duration delay) {}

    private final List<String> configured;
    private final RandomGenerator random;
    private List<String> addresses;
    private int next;
    private int failures;
    private Optional<String> followed = Optional.empty();

    /** @param configured at least one address */
    DialPlan(List<String> configured, RandomGenerator random) {
        this.configured = List.copyOf(configured);
        this.addresses = this.configured;
        this.random = random;
    }

    /** The cluster has told all its controllers. Those of the configuration stay: one of them was right once. */
    void controllers(List<String> told) {
        Set<String> all = new LinkedHashSet<>(configured);
        all.addAll(told);
        addresses = List.copyOf(new ArrayList<>(all));
    }

    /** A leader has accepted this host. */
    void welcomed() {
        failures = 0;
        followed = Optional.empty();
    }

    Dial first() {
        return turn();
    }

    /** After a connection was lost or never made. */
    Dial afterLoss() {
        return turn();
    }

    /**
     * After a controller said that it does not lead. A leader is followed without a wait only once in a row: two
     * controllers that name each other, or a leader that does not answer, are dialled like all others.
     */
    Dial afterNotLeader(Optional<String> leader) {
        if (leader.isPresent() && !leader.equals(followed)) {
            followed = leader;
            return new Dial(leader.get(), Duration.ZERO);
        }
        return turn();
    }

    /** A controller has said that it leads. */
    Dial afterLeaderSaidSo(String address) {
        return new Dial(address, Duration.ZERO);
    }

    private Dial turn() {
        String address = addresses.get(Math.floorMod(next++, addresses.size()));
        long bound = Math.min(LAST_BOUND_MILLIS, FIRST_BOUND_MILLIS << Math.min(failures, 10));
        // The first round of the list is quick: a standby becomes the leader within seconds.
        if (next % addresses.size() == 0) {
            failures++;
            followed = Optional.empty();
        }
        return new Dial(address, Duration.ofMillis(random.nextLong(bound + 1)));
    }
}
