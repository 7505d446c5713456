package io.kelpie.agent.link;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Which controller is dialled next, and when. A controller that says that it leads is dialled almost at once, and one that
 * another named as the leader at once; otherwise all are dialled in turn, each after a random wait (full jitter) below a bound that doubles from 100 ms to 1 s, so that
 * the hosts of a lost leader do not come all at the same moment. Belongs to the loop.
 */
final class DialPlan {
    private static final long FIRST_BOUND_MILLIS = 100;
    private static final long LAST_BOUND_MILLIS = 1_000;

    /** A new leader is heard by all hosts at the same moment. */
    private static final long LEADER_BOUND_MILLIS = 100;

    /** A controller to dial, and how long to wait before. */
    record Dial(String address, Duration delay) {}

    private final List<String> configured;
    private final RandomGenerator random;
    private List<String> addresses;
    private int next;
    private int failures;
    private Optional<String> followed = Optional.empty();
    private Optional<String> saidSo = Optional.empty();

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
        saidSo = Optional.empty();
    }

    /** A controller has said that it leads: it is dialled next. */
    void leaderSaidSo(String address) {
        saidSo = Optional.of(address);
    }

    /** All controllers that are known. */
    List<String> addresses() {
        return addresses;
    }

    /** At first, and whenever a connection was lost, never made or given up. */
    Dial next() {
        if (saidSo.isPresent()) {
            Dial dial = new Dial(saidSo.get(), Duration.ofMillis(random.nextLong(LEADER_BOUND_MILLIS + 1)));
            saidSo = Optional.empty();
            return dial;
        }
        return turn();
    }

    /**
     * After a controller said that it does not lead. A leader is followed without a wait only once in a row: two
     * controllers that name each other, or a leader that does not answer, are dialled like all others.
     */
    Dial afterNotLeader(Optional<String> leader) {
        if (saidSo.isEmpty() && leader.isPresent() && !leader.equals(followed)) {
            followed = leader;
            return new Dial(leader.get(), Duration.ZERO);
        }
        return next();
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
