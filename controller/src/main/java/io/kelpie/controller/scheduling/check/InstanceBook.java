package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The instances of a cluster by what a check of a plan asks for, kept up to date by small changes: what it costs to
 * check a plan depends on the jobs that it is about, not on the cluster. Knows nothing of the search for places. Belongs
 * to one thread.
 */
public final class InstanceBook {
    private final Map<UUID, InstanceView> instances = new LinkedHashMap<>();
    private final Map<String, Set<UUID>> byHost = new HashMap<>();
    private final Map<JobKey, Set<UUID>> byJob = new HashMap<>();
    private final Map<JobKey, Set<UUID>> keepingAwayFrom = new HashMap<>();

    /** A VM has this instance, instead of any other. */
    public void put(InstanceView instance) {
        remove(instance.vmId());
        instances.put(instance.vmId(), instance);
        add(byHost, instance.hostId(), instance.vmId());
        add(byJob, instance.job(), instance.vmId());
        for (AffinityRule rule : instance.rules().antiAffinity()) {
            if (rule.required()) {
                add(keepingAwayFrom, rule.job(), instance.vmId());
            }
        }
    }

    /** A VM has no instance any more. Returns the one that it had. */
    public @Nullable InstanceView remove(UUID vmId) {
        InstanceView instance = instances.remove(vmId);
        if (instance == null) {
            return null;
        }
        remove(byHost, instance.hostId(), vmId);
        remove(byJob, instance.job(), vmId);
        instance.rules().antiAffinity().forEach(rule -> remove(keepingAwayFrom, rule.job(), vmId));
        return instance;
    }

    /** The instance of a VM. */
    public Optional<InstanceView> of(UUID vmId) {
        return Optional.ofNullable(instances.get(vmId));
    }

    /** All of them; a live view. */
    public Collection<InstanceView> all() {
        return Collections.unmodifiableCollection(instances.values());
    }

    /** Those on a host. */
    public List<InstanceView> on(String hostId) {
        return views(byHost.getOrDefault(hostId, Set.of()));
    }

    /**
     * Those that can make a difference to the check of requests: of their jobs, of jobs that they name, and of jobs that
     * keep away from one of these. The verdict on a plan is the same with these alone as with all of them.
     */
    public List<InstanceView> concerning(Collection<PlacementRequest> requests) {
        Set<JobKey> jobs = new LinkedHashSet<>();
        for (PlacementRequest request : requests) {
            jobs.add(request.job());
            request.rules().affinity().forEach(rule -> jobs.add(rule.job()));
            request.rules().antiAffinity().forEach(rule -> jobs.add(rule.job()));
        }
        Set<UUID> found = new LinkedHashSet<>();
        for (JobKey job : jobs) {
            found.addAll(byJob.getOrDefault(job, Set.of()));
            found.addAll(keepingAwayFrom.getOrDefault(job, Set.of()));
        }
        return views(found);
    }

    private List<InstanceView> views(Set<UUID> ids) {
        return ids.stream().flatMap(id -> of(id).stream()).toList();
    }

    private static <K> void add(Map<K, Set<UUID>> map, K key, UUID id) {
        map.computeIfAbsent(key, any -> new LinkedHashSet<>()).add(id);
    }

    private static <K> void remove(Map<K, Set<UUID>> map, K key, UUID id) {
        Set<UUID> some = map.get(key);
        if (some != null && some.remove(id) && some.isEmpty()) {
            map.remove(key);
        }
    }
}
