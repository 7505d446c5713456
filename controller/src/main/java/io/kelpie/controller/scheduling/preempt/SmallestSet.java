package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.HostTrial;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * The smallest set of candidates that makes room on a host; of equally small ones the one with the lowest highest
 * priority, then the lowest sum of priorities, then the youngest oldest member. Weighs all sets that sums do not rule
 * out, as long as the effort lasts.
 */
final class SmallestSet {
    private final HostTrial trial;
    private final Candidates candidates;
    private final Effort effort;
    private final BooleanSupplier passes;
    private final int[] others;
    private final int[] mostVcpus; // of the first n others
    private final long[] mostMemoryMib;
    private final long[] leastPriorities; // sum of the first n others
    private final int[] stack;
    private final int[] best;
    private int depth;
    private boolean found;
    private long bestSum;
    private long bestOldest;

    /**
     * @param others the candidates to choose from, by importance
     * @param passes whether the host passes with what is set aside now
     */
    SmallestSet(HostTrial trial, Candidates candidates, int[] others, Effort effort, BooleanSupplier passes) {
        this.trial = trial;
        this.candidates = candidates;
        this.others = others.clone();
        this.effort = effort;
        this.passes = passes;
        int count = others.length;
        stack = new int[count];
        best = new int[count];
        mostVcpus = new int[count + 1];
        mostMemoryMib = new long[count + 1];
        leastPriorities = new long[count + 1];
        for (int n = 0; n < count; n++) {
            mostVcpus[n + 1] = Math.max(mostVcpus[n], candidates.vcpus(others[n]));
            mostMemoryMib[n + 1] = Math.max(mostMemoryMib[n], candidates.memoryMib(others[n]));
            leastPriorities[n + 1] = leastPriorities[n] + candidates.priority(others[n]);
        }
    }

    /**
     * Looks for the set. Nothing stays set aside.
     *
     * @param vcpus that are missing; may be negative
     * @param memoryMib that is missing; may be negative
     * @return the chosen candidates, by importance; empty if there is no such set, or none was found with this effort
     */
    int[] find(long vcpus, long memoryMib) {
        for (int members = 1; members <= others.length; members++) {
            if (isOutOfReach(members, others.length, vcpus, memoryMib)) {
                continue;
            }
            findOfSize(members, vcpus, memoryMib);
            if (found) {
                return Arrays.copyOf(best, members);
            }
            if (effort.isUp()) {
                break;
            }
        }
        return new int[0];
    }

    private boolean isOutOfReach(int members, int below, long vcpus, long memoryMib) {
        return vcpus > (long) members * mostVcpus[below] || memoryMib > members * mostMemoryMib[below];
    }

    private void findOfSize(int members, long vcpus, long memoryMib) {
        for (int last = members - 1; last < others.length && !effort.isUp(); last++) {
            if (found && candidates.priority(others[last]) > candidates.priority(best[members - 1])) {
                return; // the highest priority would be higher
            }
            take(last, members - 1, vcpus, memoryMib, 0, Long.MAX_VALUE);
        }
    }

    /** Weighs the sets with this member and so many more of lower places. */
    private void take(int at, int more, long vcpus, long memoryMib, long sumBefore, long oldestBefore) {
        int candidate = others[at];
        long sum = sumBefore + candidates.priority(candidate);
        long oldest = Math.min(oldestBefore, candidates.sinceMillis(candidate));
        if (!candidates.isAllowed(candidate) || !canBeBetter(sum + leastPriorities[more], oldest)) {
            return;
        }
        effort.step();
        long vcpusLeft = vcpus - candidates.vcpus(candidate);
        long memoryMibLeft = memoryMib - candidates.memoryMib(candidate);
        if (isOutOfReach(more, at, vcpusLeft, memoryMibLeft)) {
            return;
        }
        candidates.spend(candidate);
        stack[depth++] = candidate;
        if (more == 0) {
            weigh(sum, oldest);
        } else {
            for (int next = more - 1; next < at && !effort.isUp(); next++) {
                take(next, more - 1, vcpusLeft, memoryMibLeft, sum, oldest);
            }
        }
        depth--;
        candidates.refund(candidate);
    }

    private boolean canBeBetter(long sumAtLeast, long oldestAtMost) {
        return !found || sumAtLeast < bestSum || (sumAtLeast == bestSum && oldestAtMost > bestOldest);
    }

    private void weigh(long sum, long oldest) {
        for (int i = 0; i < depth; i++) {
            trial.setAside(candidates.instance(stack[i]));
        }
        if (passes.getAsBoolean()) {
            found = true;
            bestSum = sum;
            bestOldest = oldest;
            for (int i = 0; i < depth; i++) {
                best[i] = stack[depth - 1 - i];
            }
        }
        for (int i = 0; i < depth; i++) {
            trial.putBack(candidates.instance(stack[i]));
        }
    }
}
