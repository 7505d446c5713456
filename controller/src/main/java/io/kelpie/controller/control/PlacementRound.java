package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.Leasing;
import io.kelpie.controller.lifecycle.StoredWait;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Plan;
import io.kelpie.controller.scheduling.PlanChecker;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.proto.v1.AvoidedHost;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmRecord;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the scheduler for places and commits what it finds. Belongs to the control thread. */
final class PlacementRound {
    /** VMs that one round looks at: bounds the tick. */
    static final int MAX_REQUESTS = 1_000;

    private static final Logger log = LoggerFactory.getLogger(PlacementRound.class);

    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final SchedulingPolicy policy;
    private final Orphans orphans;
    private final ControlMetrics metrics;
    private final Consumer<Unit> pipeline;

    PlacementRound(
            ClusterEditor cluster,
            VmSteps steps,
            SchedulingPolicy policy,
            Orphans orphans,
            ControlMetrics metrics,
            Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.steps = steps;
        this.policy = policy;
        this.orphans = orphans;
        this.metrics = metrics;
        this.pipeline = pipeline;
    }

    /** VMs whose backoff is over; they can be placed now. */
    List<VmEntry> due() {
        long now = cluster.nowMillis();
        List<VmEntry> due = new ArrayList<>();
        for (VmEntry vm : cluster.pending()) {
            if (StoredWait.isOver(vm.record().getStateSinceMillis(), vm.record().getNotBeforeMillis(), now)) {
                Optional<String> besides = orphans.besides(vm);
                if (besides.isPresent()) {
                    hold(
                            List.of(vm),
                            "orphan",
                            besides.get() + " is alive, and the VM must not run twice. Fix: kelpie get orphans, then"
                                    + " kelpie orphans kill or adopt");
                    continue;
                }
                due.add(vm);
                if (due.size() == MAX_REQUESTS) {
                    break;
                }
            }
        }
        return due;
    }

    /** Says why the VMs are not even tried to be placed. */
    void hold(List<VmEntry> held, String rule, String why) {
        for (VmEntry vm : held) {
            io.kelpie.proto.v1.Decision decision = io.kelpie.proto.v1.Decision.newBuilder()
                    .setAtMillis(cluster.nowMillis())
                    .setIncarnation(vm.record().getIncarnation())
                    .setHostsConsidered(cluster.hosts().size())
                    .addRules(io.kelpie.proto.v1.RuleOutcome.newBuilder()
                            .setRule(rule)
                            .setHostsRemoved(cluster.hosts().size())
                            .setFix(why))
                    .build();
            Unit unit = new Unit();
            rejected(vm, decision, unit);
            pipeline.accept(unit);
        }
    }

    /** Decides on the VMs; whether a place was found or not, each has its reasons afterwards. */
    void place(List<VmEntry> due, long seed) {
        ClusterSnapshot snapshot = new ClusterSnapshot(
                cluster.hosts().stream().map(HostEntry::view).toList());
        List<PlacementRequest> requests = due.stream().map(this::request).toList();
        Plan plan = metrics.plan(() -> Scheduler.plan(snapshot, requests, policy, seed));
        List<String> violations = PlanChecker.check(snapshot, requests, policy, plan);
        if (!violations.isEmpty()) {
            log.error("a plan was dropped because it breaks rules: {}", violations);
            cluster.events().add("cluster", "PlanDropped", "a defect in placement: " + violations.get(0));
            return;
        }
        for (int i = 0; i < due.size(); i++) {
            Unit unit = new Unit();
            Decision decision = plan.decisions().get(i);
            Optional<HostEntry> host = decision.host().flatMap(cluster::host);
            if (host.isPresent()) {
                placed(due.get(i), host.get(), decision, unit);
                metrics.placed();
            } else {
                rejected(due.get(i), decision(due.get(i), decision), unit);
                metrics.rejected();
            }
            pipeline.accept(unit);
        }
    }

    private PlacementRequest request(VmEntry vm) {
        JobEntry job = cluster.jobOf(vm);
        VmRecord record = vm.record();
        Optional<String> boundTo = Optional.empty();
        String boundDisk = "";
        if (record.getKeptDisks()) {
            boundTo = Records.nonEmpty(record.getStorageHostId());
            boundDisk = Records.keptDiskPools(job.record().getSpec().getVm()).keySet().stream()
                    .findFirst()
                    .orElse("");
        }
        long now = cluster.nowMillis();
        Set<String> avoided = new LinkedHashSet<>();
        for (AvoidedHost host : record.getAvoidedHostsList()) {
            if (!StoredWait.isOver(host.getSinceMillis(), host.getUntilMillis(), now)) {
                avoided.add(host.getHostId());
            }
        }
        return new PlacementRequest(
                vm.id(), job.job().shape(), boundTo, boundDisk, Records.nonEmpty(record.getPreferredHostId()), avoided);
    }

    private void placed(VmEntry vm, HostEntry host, Decision decision, Unit unit) {
        JobEntry job = cluster.jobOf(vm);
        Leasing leasing = leasing(job.record().getSpec(), host);
        steps.apply(
                vm,
                VmEvent.PLACEMENT_COMMITTED,
                record -> record.setHostId(host.id())
                        .setLeased(leasing.leased())
                        .setNotLeasedReason(leasing.notLeasedReason())
                        .setStorageHostId(host.id())
                        .setReservation(
                                Records.reservation(Reservation.of(job.job().shape())))
                        .setNotBeforeMillis(0)
                        .setSpecVersion(job.record().getVersion())
                        .setRestartSerial(job.record().getRestartSerial())
                        .setDecision(decision(vm, decision)),
                "Placed",
                "instance " + vm.record().getIncarnation() + " goes to " + host.name() + " (score " + decision.score()
                        + " of 100, " + decision.hostsConsidered() + " hosts considered)",
                unit);
    }

    /** Fixed here for the whole life of the instance: a change of the spec or of the cluster counts for the next one. */
    private Leasing leasing(JobSpec spec, HostEntry host) {
        Optional<String> localDisk = Records.keptDiskPools(spec.getVm()).entrySet().stream()
                .filter(disk -> !host.isShared(disk.getValue()))
                .map(disk -> "disk " + disk.getKey() + " on pool " + disk.getValue())
                .findFirst();
        Set<DriverKind> able = host.leasingDrivers();
        Optional<DriverKind> named = Records.driver(spec.getVm().getDriver());
        boolean can = named.map(able::contains).orElse(!able.isEmpty());
        Optional<String> cannot = can
                ? Optional.empty()
                : Optional.of(named.map(driver -> "driver " + driver.name().toLowerCase(Locale.ROOT) + " of host "
                                + host.name() + " cannot run leased VMs")
                        .orElse("no driver of host " + host.name() + " can run leased VMs"));
        return Leasing.decide(Records.onHostFailure(spec), localDisk, cluster.controllersThatMayLead(), cannot);
    }

    private void rejected(VmEntry vm, io.kelpie.proto.v1.Decision latest, Unit unit) {
        io.kelpie.proto.v1.Decision former = vm.pendingDecision;
        vm.pendingDecision = latest;
        boolean same = former != null
                && former.getRulesList().equals(latest.getRulesList())
                && former.getHostsConsidered() == latest.getHostsConsidered();
        if (!same) {
            cluster.publishObservation(vm, unit);
            unit.then(() -> cluster.events().add(vm.subject(), "Unschedulable", summary(latest)));
        }
    }

    private static String summary(io.kelpie.proto.v1.Decision decision) {
        if (decision.getHostsConsidered() == 0) {
            return "there is no host in the cluster";
        }
        StringBuilder summary = new StringBuilder("none of " + decision.getHostsConsidered() + " hosts will do:");
        decision.getRulesList()
                .forEach(rule -> summary.append(' ')
                        .append(rule.getRule())
                        .append(" removed ")
                        .append(rule.getHostsRemoved())
                        .append(';'));
        summary.setLength(summary.length() - 1);
        return summary.toString();
    }

    private io.kelpie.proto.v1.Decision decision(VmEntry vm, Decision decision) {
        io.kelpie.proto.v1.Decision.Builder record = io.kelpie.proto.v1.Decision.newBuilder()
                .setAtMillis(cluster.nowMillis())
                .setIncarnation(vm.record().getIncarnation())
                .setScore(decision.score())
                .setHostsConsidered(decision.hostsConsidered());
        decision.host()
                .flatMap(cluster::host)
                .ifPresent(host -> record.setHostId(host.id()).setHostName(host.name()));
        for (RuleOutcome rule : decision.rules()) {
            record.addRules(io.kelpie.proto.v1.RuleOutcome.newBuilder()
                    .setRule(rule.rule())
                    .setHostsRemoved(rule.hostsRemoved())
                    .setNearestHost(rule.nearestHost().orElse(""))
                    .setAsked(rule.asked())
                    .setFree(rule.free())
                    .setShortfall(rule.shortfall())
                    .setFix(rule.fix()));
        }
        return record.build();
    }
}
