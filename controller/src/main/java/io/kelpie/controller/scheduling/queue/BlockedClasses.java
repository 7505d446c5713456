package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** The classes that wait for a change, by what may help them. Each has its check and its verdict. */
final class BlockedClasses {
    private static final Comparator<VmClass> LONGEST_UNTRIED =
            Comparator.<VmClass>comparingLong(of -> of.triedAt).thenComparing(VmClass.BY_NUMBER);

    private final NavigableMap<Long, NavigableSet<VmClass>> byMemory = new TreeMap<>(); // those bound to no host
    private final Map<String, NavigableSet<VmClass>> byHost = new HashMap<>(); // those bound to one
    private final Map<JobKey, NavigableSet<VmClass>> byJob = new HashMap<>(); // those with rules about its VMs
    private final NavigableSet<VmClass> byTime = new TreeSet<>(LONGEST_UNTRIED);

    int size() {
        return byTime.size();
    }

    void add(VmClass of, HostChecks.Check check) {
        of.key.boundToHost().ifPresentOrElse(host -> add(byHost, host, of), () -> add(byMemory, check.memoryMib(), of));
        jobs(of).forEach(job -> add(byJob, job, of));
        byTime.add(of);
    }

    void remove(VmClass of, HostChecks.Check check) {
        if (!byTime.remove(of)) {
            return;
        }
        of.key
                .boundToHost()
                .ifPresentOrElse(host -> remove(byHost, host, of), () -> remove(byMemory, check.memoryMib(), of));
        jobs(of).forEach(job -> remove(byJob, job, of));
    }

    /** Classes that ask for no more memory than that, or are bound to the host. */
    void forEachWithin(String hostId, long memoryMib, Consumer<VmClass> action) {
        byMemory.headMap(memoryMib, true).values().forEach(some -> some.forEach(action));
        byHost.getOrDefault(hostId, Collections.emptyNavigableSet()).forEach(action);
    }

    /** Classes with rules about the VMs of the job: its own, and those that name it. A copy. */
    List<VmClass> lookingAt(JobKey job) {
        NavigableSet<VmClass> some = byJob.get(job);
        return some == null ? List.of() : List.copyOf(some);
    }

    /** All that are tried no later than that, the longest ago first, so many at most. A copy. */
    List<VmClass> triedUpTo(long time, int most) {
        return byTime.stream().takeWhile(of -> of.triedAt <= time).limit(most).toList();
    }

    /** A copy. */
    List<VmClass> all() {
        return List.copyOf(byTime);
    }

    private static Collection<JobKey> jobs(VmClass of) {
        Set<JobKey> jobs = new HashSet<>();
        of.key.near().ifPresent(near -> {
            jobs.add(near.job());
            near.affinity().stream().map(AffinityRule::job).forEach(jobs::add);
            near.antiAffinity().stream().map(AffinityRule::job).forEach(jobs::add);
        });
        return jobs;
    }

    private static <K> void add(Map<K, NavigableSet<VmClass>> map, K key, VmClass of) {
        map.computeIfAbsent(key, any -> new TreeSet<>(VmClass.BY_NUMBER)).add(of);
    }

    private static <K> void remove(Map<K, NavigableSet<VmClass>> map, K key, VmClass of) {
        NavigableSet<VmClass> some = map.get(key);
        if (some != null && some.remove(of) && some.isEmpty()) {
            map.remove(key);
        }
    }
}
