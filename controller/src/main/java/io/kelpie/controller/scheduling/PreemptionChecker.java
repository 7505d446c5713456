package io.kelpie.controller.scheduling;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.check.Remainder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Verifies before VMs are ended for another one that it may be done and is of use, by code that shares nothing with the
 * search for victims. Pure.
 */
public final class PreemptionChecker {
    /**
     * What is to be done.
     *
     * @param request of the VM that wants a place
     * @param hostId where
     * @param numaNodes the host's NUMA nodes that would carry it
     * @param victims VMs that would be ended
     * @param awaited VMs that end anyway
     */
    public record Proposal(
            PlacementRequest request, String hostId, List<Integer> numaNodes, List<UUID> victims, List<UUID> awaited) {
        public Proposal {
            numaNodes = List.copyOf(numaNodes);
            victims = List.copyOf(victims);
            awaited = List.copyOf(awaited);
        }
    }

    private PreemptionChecker() {}

    /**
     * What is wrong with it, a sentence each; empty if it may be done.
     *
     * @param snapshot the cluster as it is, with the places that are kept for other VMs and go on being kept, and all
     *     instances on the host and all of the jobs that the request names
     * @param budgets by job, of the jobs of the victims
     * @param endable whether a VM may be ended for others at all
     */
    public static List<String> check(
            ClusterSnapshot snapshot,
            Proposal proposal,
            SchedulingPolicy policy,
            Function<JobKey, JobBudget> budgets,
            Predicate<UUID> endable) {
        PlacementRequest request = proposal.request();
        Map<UUID, InstanceView> there = new HashMap<>();
        for (InstanceView instance : snapshot.instances()) {
            if (instance.hostId().equals(proposal.hostId())) {
                there.put(instance.vmId(), instance);
            }
        }
        List<String> faults = new ArrayList<>();
        Map<JobKey, Integer> ended = new HashMap<>();
        Set<UUID> gone = new HashSet<>();
        for (UUID id : proposal.victims()) {
            InstanceView victim = there.get(id);
            if (victim == null) {
                faults.add("VM " + id + " is to be ended on host " + proposal.hostId() + " and is not there");
            } else if (!gone.add(id)) {
                faults.add("VM " + id + " is to be ended twice");
            } else {
                faults.addAll(faults(request, victim, endable));
                ended.merge(victim.job(), 1, Integer::sum);
            }
        }
        ended.forEach((job, count) -> {
            int most = budgets.apply(job).endable();
            if (count > most) {
                faults.add(count + " VMs of job " + job + " are to be ended, which allows " + most);
            }
        });
        for (UUID id : proposal.awaited()) {
            if (!there.containsKey(id)) {
                faults.add("VM " + id + " is awaited to end on host " + proposal.hostId() + " and is not there");
            }
            gone.add(id);
        }
        if (faults.isEmpty()) {
            faults.addAll(placeFaults(snapshot, proposal, policy, gone, there));
        }
        return List.copyOf(faults);
    }

    private static List<String> faults(PlacementRequest request, InstanceView victim, Predicate<UUID> endable) {
        List<String> faults = new ArrayList<>();
        String who = "VM " + victim.vmId() + " of job " + victim.job();
        if (victim.priority() >= request.priority()) {
            faults.add(who + " has priority " + victim.priority() + " and is to be ended for one of "
                    + request.priority());
        }
        if (victim.job().equals(request.job())) {
            faults.add(who + " is to be ended for a VM of its own job");
        }
        if (!endable.test(victim.vmId())) {
            faults.add(who + " must not be ended for others");
        }
        return faults;
    }

    /** What would be wrong with the place once they are gone. */
    private static List<String> placeFaults(
            ClusterSnapshot snapshot,
            Proposal proposal,
            SchedulingPolicy policy,
            Set<UUID> gone,
            Map<UUID, InstanceView> there) {
        List<HostView> hosts = new ArrayList<>();
        for (HostView host : snapshot.hosts()) {
            HostView after = host;
            if (host.id().equals(proposal.hostId())) {
                for (UUID id : gone) {
                    InstanceView instance = there.get(id);
                    if (instance != null) {
                        after = Remainder.without(
                                after, instance.held(), !instance.shape().keepsDisks());
                    }
                }
            }
            hosts.add(after);
        }
        List<InstanceView> rest = snapshot.instances().stream()
                .filter(instance ->
                        !gone.contains(instance.vmId()) || !instance.hostId().equals(proposal.hostId()))
                .toList();
        Decision decision = new Decision(
                proposal.request().vmId(),
                Optional.of(proposal.hostId()),
                0,
                proposal.numaNodes(),
                hosts.size(),
                List.of(),
                Optional.empty());
        return PlanChecker.checkPlaces(
                new ClusterSnapshot(hosts, rest), List.of(proposal.request()), policy, new Plan(List.of(decision)));
    }
}
