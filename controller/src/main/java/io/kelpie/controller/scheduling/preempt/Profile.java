package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.Instances;
import java.util.ArrayList;
import java.util.List;

/**
 * The instances of one host by importance, with sums and greatest values over the first n of them, so that what ending
 * VMs below a priority could bring is known without a look at each. Immutable; void when the host's instances change.
 */
final class Profile {
    private final int changes;
    private final int[] leaving;
    private final int[] claims;
    private final int[] endable;
    private final int[] priorities;
    private final long leavingVcpus;
    private final long leavingMemoryMib;
    private final long[] vcpus; // of the first n endable ones
    private final long[] memoryMib;
    private final long[] prioritySums;
    private final int[] mostVcpus;
    private final long[] mostMemoryMib;
    private final long[] latestMillis;

    Profile(Instances instances, int host, Importance importance) {
        changes = instances.changes(host);
        List<Integer> out = new ArrayList<>();
        List<Integer> kept = new ArrayList<>();
        List<Integer> running = new ArrayList<>();
        for (int i = instances.first(host); i != Instances.NONE; i = instances.next(i)) {
            if (instances.isLeaving(i)) {
                out.add(i);
            } else if (instances.isClaim(i)) {
                kept.add(i);
            } else if (!instances.isKept(i)
                    && instances.ask(i).terms().members().endable() > 0) {
                running.add(i);
            }
        }
        leaving = sorted(out, importance);
        claims = sorted(kept, importance);
        endable = sorted(running, importance);
        int count = endable.length;
        priorities = new int[count];
        vcpus = new long[count + 1];
        memoryMib = new long[count + 1];
        prioritySums = new long[count + 1];
        mostVcpus = new int[count + 1];
        mostMemoryMib = new long[count + 1];
        latestMillis = new long[count + 1];
        latestMillis[0] = Long.MIN_VALUE;
        for (int n = 0; n < count; n++) {
            Demand demand = instances.ask(endable[n]).demand();
            priorities[n] = instances.ask(endable[n]).priority();
            vcpus[n + 1] = vcpus[n] + demand.vcpus();
            memoryMib[n + 1] = memoryMib[n] + demand.memoryMib();
            prioritySums[n + 1] = prioritySums[n] + priorities[n];
            mostVcpus[n + 1] = Math.max(mostVcpus[n], demand.vcpus());
            mostMemoryMib[n + 1] = Math.max(mostMemoryMib[n], demand.memoryMib());
            latestMillis[n + 1] = Math.max(latestMillis[n], instances.sinceMillis(endable[n]));
        }
        long vcpuSum = 0;
        long memorySum = 0;
        for (int instance : leaving) {
            vcpuSum += instances.ask(instance).demand().vcpus();
            memorySum += instances.ask(instance).demand().memoryMib();
        }
        leavingVcpus = vcpuSum;
        leavingMemoryMib = memorySum;
    }

    private static int[] sorted(List<Integer> some, Importance importance) {
        some.sort(importance);
        return some.stream().mapToInt(Integer::intValue).toArray();
    }

    /** As {@link Instances#changes} was when this was made. */
    int changes() {
        return changes;
    }

    /** Instances that are on their way out. */
    int[] leaving() {
        return leaving;
    }

    /** Places that are kept. */
    int[] claims() {
        return claims;
    }

    /** An instance that may be ended, as far as its job's budget goes. */
    int endable(int n) {
        return endable[n];
    }

    /** How many of those are below a priority. */
    int countBelow(int priority) {
        int low = 0;
        int high = priorities.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (priorities[middle] < priority) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    int priority(int n) {
        return priorities[n];
    }

    long leavingVcpus() {
        return leavingVcpus;
    }

    long leavingMemoryMib() {
        return leavingMemoryMib;
    }

    /** Of the first n; the same of the next ones. */
    long vcpus(int n) {
        return vcpus[n];
    }

    long memoryMib(int n) {
        return memoryMib[n];
    }

    long prioritySum(int n) {
        return prioritySums[n];
    }

    int mostVcpus(int n) {
        return mostVcpus[n];
    }

    long mostMemoryMib(int n) {
        return mostMemoryMib[n];
    }

    long latestMillis(int n) {
        return latestMillis[n];
    }

    /** How many of the first ones have that much of both together. */
    int countFor(long vcpusWanted, long memoryMibWanted) {
        return Math.max(first(vcpus, vcpusWanted), first(memoryMib, memoryMibWanted));
    }

    private static int first(long[] sums, long wanted) {
        int low = 0;
        int high = sums.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sums[middle] < wanted) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
