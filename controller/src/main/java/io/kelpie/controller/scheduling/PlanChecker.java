package io.kelpie.controller.scheduling;

import io.kelpie.controller.scheduling.check.HostLedger;
import io.kelpie.controller.scheduling.check.HostRules;
import io.kelpie.controller.scheduling.check.LossBook;
import io.kelpie.controller.scheduling.check.Neighbours;
import io.kelpie.controller.scheduling.check.SpreadBook;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Verifies a plan before it is committed, by code that shares nothing with the {@link Scheduler}: it replays the
 * decisions and judges each by every rule anew. Goes once through the hosts and instances; else costs time in
 * proportion to the decisions. Pure; safe for use by any thread.
 */
public final class PlanChecker {
    private final SchedulingPolicy policy;
    private final Map<String, HostView> hosts = new HashMap<>();
    private final Map<String, HostLedger> ledgers = new HashMap<>();
    private final Neighbours neighbours;
    private final SpreadBook spread;
    private final List<String> violations = new ArrayList<>();

    private PlanChecker(ClusterSnapshot snapshot, List<PlacementRequest> requests, SchedulingPolicy policy) {
        this.policy = policy;
        snapshot.hosts().forEach(host -> hosts.put(host.id(), host));
        neighbours = new Neighbours(requests);
        for (InstanceView instance : snapshot.instances()) {
            HostView host = neighbours.concern(instance) ? hosts.get(instance.hostId()) : null;
            if (host != null) {
                neighbours.add(instance.job(), instance.ordinal(), instance.rules(), host);
            }
        }
        spread = new SpreadBook(snapshot.hosts(), neighbours, this::wouldDo);
    }

    /**
     * Whether a host passes the rules that depend on it alone and has room. Where room is kept for the VMs of lost hosts
     * this cannot be told of any host but the chosen one: then no host is held against it.
     */
    private boolean wouldDo(PlacementRequest request, HostView host) {
        return policy.nPlusOne() == NPlusOne.OFF
                && HostRules.faults(request, host).isEmpty()
                && ledger(host).hasRoom(request);
    }

    /**
     * What is wrong with the plan, a sentence each; empty if it can be committed.
     *
     * @param snapshot as it was before the plan, but with the backups that instances have after it
     */
    public static List<String> check(
            ClusterSnapshot snapshot, List<PlacementRequest> requests, SchedulingPolicy policy, Plan plan) {
        PlanChecker checker = new PlanChecker(snapshot, requests, policy);
        checker.checkAll(requests, plan);
        checker.checkLosses(snapshot, requests, plan);
        return List.copyOf(checker.violations);
    }

    /** The same of a plan whose VMs get their backups later. */
    public static List<String> checkPlaces(
            ClusterSnapshot snapshot, List<PlacementRequest> requests, SchedulingPolicy policy, Plan plan) {
        PlanChecker checker = new PlanChecker(snapshot, requests, policy);
        checker.checkAll(requests, plan);
        return List.copyOf(checker.violations);
    }

    private void checkAll(List<PlacementRequest> requests, Plan plan) {
        if (plan.decisions().size() != requests.size()) {
            violations.add(
                    requests.size() + " requests have " + plan.decisions().size() + " decisions");
            return;
        }
        Set<Object> seen = new HashSet<>();
        for (int i = 0; i < requests.size(); i++) {
            PlacementRequest request = requests.get(i);
            Decision decision = plan.decisions().get(i);
            if (!decision.vmId().equals(request.vmId())) {
                violations.add("decision " + i + " is for VM " + decision.vmId() + ", its request is for VM "
                        + request.vmId());
            } else if (!seen.add(request.vmId())) {
                violations.add("VM " + request.vmId() + " is decided on twice");
            } else {
                faults(request, decision).forEach(fault -> violations.add("VM " + request.vmId() + " " + fault));
            }
        }
    }

    /** Only what a plan without other faults leaves can be judged. */
    private void checkLosses(ClusterSnapshot snapshot, List<PlacementRequest> requests, Plan plan) {
        if (policy.nPlusOne() == NPlusOne.OFF || !violations.isEmpty()) {
            return;
        }
        LossBook losses = new LossBook(hosts, policy.nPlusOne() == NPlusOne.ENFORCE);
        plan.decisions().forEach(losses::touch);
        snapshot.instances().forEach(losses::count);
        for (int i = 0; i < requests.size(); i++) {
            PlacementRequest request = requests.get(i);
            Decision decision = plan.decisions().get(i);
            decision.host()
                    .map(hosts::get)
                    .ifPresent(host -> losses.place(request, host, decision.backupHost())
                            .forEach(fault -> violations.add("VM " + request.vmId() + " " + fault)));
        }
        violations.addAll(losses.faults(this::ledger));
    }

    private List<String> faults(PlacementRequest request, Decision decision) {
        List<String> faults = new ArrayList<>(countFaults(decision));
        Optional<String> id = decision.host();
        if (id.isEmpty()) {
            if (!decision.numaNodes().isEmpty()) {
                faults.add("is not placed and is bound to NUMA nodes " + decision.numaNodes());
            }
            return faults;
        }
        HostView host = hosts.get(id.get());
        if (host == null) {
            faults.add("is placed on host " + id.get() + ", which the snapshot does not have");
            return faults;
        }
        faults.addAll(HostRules.faults(request, host));
        faults.addAll(ledger(host).faults(request, decision.numaNodes()));
        faults.addAll(neighbours.faults(request, host));
        faults.addAll(spread.faults(request, host));
        ledger(host).take(request, decision.numaNodes());
        neighbours.add(request.job(), request.ordinal(), request.rules(), host);
        return faults;
    }

    private HostLedger ledger(HostView host) {
        return ledgers.computeIfAbsent(host.id(), any -> new HostLedger(host, policy));
    }

    private List<String> countFaults(Decision decision) {
        List<String> faults = new ArrayList<>();
        int removed = 0;
        for (RuleOutcome rule : decision.rules()) {
            if (rule.hostsRemoved() <= 0) {
                faults.add("has a row of rule " + rule.rule() + " that removed no host");
            }
            removed += rule.hostsRemoved();
        }
        if (decision.hostsConsidered() != hosts.size()) {
            faults.add("was decided on with " + decision.hostsConsidered() + " hosts of " + hosts.size());
        }
        if (decision.host().isEmpty() ? removed != hosts.size() : removed >= hosts.size()) {
            faults.add("has rules that removed " + removed + " of " + hosts.size() + " hosts, and is "
                    + (decision.host().isEmpty() ? "not placed" : "placed"));
        }
        if (decision.score() < 0 || decision.score() > 100) {
            faults.add("has a score of " + decision.score());
        }
        return faults;
    }
}
