package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Evens out: takes the fullest host from which a move gains enough, and of its VMs and the emptiest hosts the pair that
 * gains most, until there is none. Each move lowers the variance of the loads; no VM moves twice.
 */
final class EvenOut {
    /** So many of the emptiest hosts are tried for a VM, and the one that the engine would take if loads were to be even. */
    private static final int EMPTIEST = 8;

    private record Candidate(int position, int target, int gain, int cost, long variation) {}

    private final Trial trial;
    private final HostTable hosts;
    private final Loads loads;
    private final Mover mover;
    private final MoveList list;
    private final Limits limits;
    private final List<LeftOut> leftOut;
    private final Set<Integer> moved = new HashSet<>(); // positions
    private final Set<Integer> stuck = new HashSet<>(); // hosts
    private final Set<Integer> told = new HashSet<>(); // hosts

    EvenOut(Trial trial, Loads loads, Mover mover, MoveList list, Limits limits, List<LeftOut> leftOut) {
        this.trial = trial;
        this.loads = loads;
        this.mover = mover;
        this.list = list;
        this.limits = limits;
        this.leftOut = leftOut;
        hosts = trial.inventory().hosts();
    }

    /** Makes the moves. Returns whether it came to its end. */
    boolean run() {
        boolean progress = true;
        while (progress) {
            progress = false;
            stuck.clear(); // what others gave or took may have made a move possible
            while (step()) {
                progress = true;
            }
        }
        return !isOver();
    }

    private boolean isOver() {
        return mover.isExhausted() || list.moves().size() >= limits.movesMax();
    }

    private boolean step() {
        List<Integer> fullestFirst = new ArrayList<>(loads.taking());
        fullestFirst.sort(Comparator.comparingInt(host -> -loads.of(host)));
        for (int source : fullestFirst) {
            int emptiest = fullestFirst.get(fullestFirst.size() - 1);
            if (isOver() || loads.of(source) - loads.of(emptiest) < limits.leastGain()) {
                return false;
            }
            if (stuck.contains(source)) {
                continue;
            }
            Candidate best = bestFrom(source, fullestFirst);
            if (best != null) {
                move(best);
                return true;
            }
            stuck.add(source);
        }
        return false;
    }

    private @Nullable Candidate bestFrom(int source, List<Integer> fullestFirst) {
        boolean first = told.add(source);
        Candidate best = null;
        for (int position : trial.on(hosts.view(source).id())) {
            if (moved.contains(position) || mover.isExhausted()) {
                continue;
            }
            if (mover.whyStays(position).isPresent()) {
                if (first) {
                    leftOut.add(new LeftOut(
                            hosts.view(source).id(),
                            Optional.of(trial.view(position).vmId()),
                            mover.whyStays(position).get()));
                }
                continue;
            }
            if (mover.lift(position)) {
                best = better(best, bestFor(position, source, fullestFirst));
            }
            mover.putBack();
        }
        return best;
    }

    /** The best move of the VM that is lifted. */
    private @Nullable Candidate bestFor(int position, int source, List<Integer> fullestFirst) {
        Set<Integer> targets = new LinkedHashSet<>(
                fullestFirst.subList(Math.max(0, fullestFirst.size() - EMPTIEST), fullestFirst.size()));
        targets.add(trial.search().best(mover.lifted()));
        Candidate best = null;
        for (int target : targets) {
            int left = loads.now(source);
            int taken = loads.with(target, mover.lifted().demand());
            int gain = loads.of(source) - Math.max(left, taken);
            long variation = loads.variation(source, left, target, taken);
            if (target == source
                    || gain < limits.leastGain()
                    || variation >= loads.variation()
                    || !mover.mayGoTo(target)) {
                continue;
            }
            int cost = mover.cost(target);
            if (gain - cost >= limits.leastGain()) {
                best = better(best, new Candidate(position, target, gain, cost, variation));
            }
        }
        return best;
    }

    private @Nullable Candidate better(@Nullable Candidate one, @Nullable Candidate other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return Collections.min(List.of(one, other), comparison());
    }

    private Comparator<Candidate> comparison() {
        return Comparator.comparingInt((Candidate move) -> move.cost() - move.gain())
                .thenComparingLong(Candidate::variation)
                .thenComparingLong(move -> trial.view(move.position()).held().memoryMib())
                .thenComparing(move -> trial.view(move.position()).vmId())
                .thenComparing(move -> hosts.view(move.target()).id());
    }

    private void move(Candidate move) {
        int source = hosts.hostIndex(trial.view(move.position()).hostId());
        int sourceBefore = loads.of(source);
        int targetBefore = loads.of(move.target());
        mover.lift(move.position());
        int instance = mover.setDown(move.target());
        moved.add(move.position());
        list.add(
                move.position(),
                instance,
                move.gain(),
                move.cost(),
                hosts.view(source).name() + " falls from " + percent(sourceBefore) + " to "
                        + percent(loads.of(source)) + ", "
                        + hosts.view(move.target()).name() + " rises from "
                        + percent(targetBefore) + " to " + percent(loads.of(move.target())));
    }

    private static String percent(int load) {
        return String.format(Locale.ROOT, "%d.%02d %%", load / 100, load % 100);
    }
}
