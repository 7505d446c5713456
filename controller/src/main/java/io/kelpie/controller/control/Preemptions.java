package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.Transition;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.PreemptionChecker;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.preempt.Nomination;
import io.kelpie.controller.scheduling.preempt.Nominations;
import io.kelpie.controller.scheduling.preempt.Preemption;
import io.kelpie.controller.scheduling.preempt.PreemptionLimits;
import io.kelpie.controller.scheduling.preempt.Preemptor;
import io.kelpie.controller.scheduling.preempt.Victim;
import io.kelpie.controller.scheduling.queue.PendingQueue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends VMs of lower priority for VMs that find no place, and keeps the places until they are free. A victim is evicted:
 * it waits for another place at its own priority.
 *
 * <p>The places are kept in this leader's memory alone. Under a new leader the VM is decided on anew, and the victims
 * count as on their way out. Belongs to the control thread.
 */
final class Preemptions {
    /** VMs for which a place is kept at once. */
    static final int KEPT_MAX = 256;

    /** A place is kept so long, and three times as long as a victim may take to stop if that is more. */
    static final long PATIENCE_MILLIS = TimeUnit.MINUTES.toMillis(5);

    /** A VM whose place lapsed makes no room again for so long: something hinders it that placement does not see. */
    private static final long REST_NANOS = TimeUnit.MINUTES.toNanos(5);

    /** A place that nobody is in any more and that will not do yet is tried again after so long. */
    private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** VMs that wait are told no more often that others may be ended by now. */
    private static final long TOLD_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final long STOPPING_SECONDS = 15;
    private static final int NAMED_MAX = 5;

    private static final Logger log = LoggerFactory.getLogger(Preemptions.class);

    /** Whom a VM with a kept place waits for. */
    private static final class Waiting {
        final String hostId;
        final Set<UUID> awaited;
        final long untilNanos;
        long triedNanos;

        Waiting(String hostId, Set<UUID> awaited, long nowNanos, long untilNanos) {
            this.hostId = hostId;
            this.awaited = new LinkedHashSet<>(awaited);
            this.untilNanos = untilNanos;
            triedNanos = awaited.isEmpty() ? nowNanos - AGAIN_NANOS : nowNanos;
        }
    }

    /**
     * A place that will be free.
     *
     * @param untilMillis it is kept until then, in milliseconds since 1970
     * @param why what it waits for, in one sentence
     */
    record Kept(long untilMillis, String why) {}

    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final SchedulingPolicy policy;
    private final LiveInventory live;
    private final PendingQueue queue;
    private final PendingReasons reasons;
    private final ControlMetrics metrics;
    private final Consumer<Unit> pipeline;
    private final Nominations nominations;
    private final JobBudgets budgets;
    private final Preemptor preemptor;
    private final Map<UUID, Waiting> waiting = new LinkedHashMap<>();
    private final Map<UUID, Long> restUntilNanos = new HashMap<>();
    private OptionalInt endablePriority =
            OptionalInt.empty(); // lowest of VMs that may be ended and could not be before
    private long toldNanos;

    Preemptions(
            ClusterEditor cluster,
            VmSteps steps,
            SchedulingPolicy policy,
            LiveInventory live,
            PendingQueue queue,
            PendingReasons reasons,
            ControlMetrics metrics,
            Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.steps = steps;
        this.policy = policy;
        this.live = live;
        this.queue = queue;
        this.reasons = reasons;
        this.metrics = metrics;
        this.pipeline = pipeline;
        Inventory inventory = live.inventory();
        nominations = live.nominations();
        budgets = new JobBudgets(cluster, inventory);
        preemptor = new Preemptor(inventory, live.search(), PreemptionLimits.DEFAULT);
        toldNanos = cluster.nowNanos() - TOLD_NANOS;
    }

    // ---- places that are kept

    /** Gives up places that are of no use any more; their VMs are decided on anew. After the queue was told of changes. */
    void review(InventoryChanges changes) {
        long now = cluster.nowNanos();
        changes.heard().forEach(budgets::heard);
        refreshBudgets();
        if (endablePriority.isPresent() && now - toldNanos >= TOLD_NANOS) {
            queue.endable(endablePriority.getAsInt());
            endablePriority = OptionalInt.empty();
            toldNanos = now;
        }
        restUntilNanos.values().removeIf(until -> now - until >= 0);
        for (UUID id : List.copyOf(waiting.keySet())) {
            Waiting of = waiting.get(id);
            VmEntry vm = cluster.vm(id).orElse(null);
            if (of == null || vm == null || vm.state() != VmState.PENDING) {
                giveUp(id);
            } else if (nominations.of(id).isEmpty()) {
                lose(vm, "it is not kept for it any more");
            } else if (cluster.host(of.hostId)
                    .filter(host -> !host.record().hasFencing())
                    .isEmpty()) {
                lose(vm, "its host is lost");
            } else if (now - of.untilNanos >= 0) {
                restUntilNanos.put(id, now + REST_NANOS);
                lose(vm, "it was not free in time");
            }
        }
    }

    private void refreshBudgets() {
        budgets.refresh()
                .ifPresent(priority ->
                        endablePriority = OptionalInt.of(Math.min(priority, endablePriority.orElse(priority))));
    }

    private void lose(VmEntry vm, String why) {
        giveUp(vm.id());
        reasons.forget(vm);
        queue.recall(vm.id());
        cluster.events().add(vm.subject(), "PlaceLost", "the place that was kept for it is given up: " + why);
    }

    /** VMs whose kept place may be free by now: some that they waited for are gone, or all have been for a while. */
    List<VmEntry> due() {
        long now = cluster.nowNanos();
        List<VmEntry> due = new ArrayList<>();
        waiting.forEach((id, of) -> {
            boolean fewer = of.awaited.removeIf(other -> !isOn(other, of.hostId));
            if (fewer || (of.awaited.isEmpty() && now - of.triedNanos >= AGAIN_NANOS)) {
                of.triedNanos = now;
                cluster.vm(id).ifPresent(due::add);
            }
        });
        return due;
    }

    private boolean isOn(UUID vmId, String hostId) {
        return cluster.vm(vmId)
                .filter(vm -> vm.record().getHostId().equals(hostId))
                .isPresent();
    }

    boolean isNominated(UUID vmId) {
        return nominations.of(vmId).isPresent();
    }

    /** No place is kept for the VM any more. Returns which was. */
    Optional<Nomination> giveUp(UUID vmId) {
        waiting.remove(vmId);
        return nominations.drop(vmId);
    }

    /** Lets go of a VM's place for a moment; {@link #keepOn} or {@link #giveUp} follows. */
    Optional<Nomination> letGo(UUID vmId) {
        return nominations.drop(vmId);
    }

    /** Keeps the place on, as it is not free yet. */
    void keepOn(Nomination nomination) {
        nominations.keep(nomination);
    }

    // ---- making room

    /** Whether as many places are kept as may be, so that it has to be asked again later. */
    boolean isFull() {
        return waiting.size() >= KEPT_MAX;
    }

    /** Whether room could be made for a request that no host takes, as far as the inventory tells. */
    boolean mayHelp(PlacementRequest request) {
        return request.priority() > 0
                && !restUntilNanos.containsKey(request.vmId())
                && live.inventory().instances().canMakeRoomFor(request.priority())
                && find(request).isPresent();
    }

    private Optional<Preemption> find(PlacementRequest request) {
        refreshBudgets();
        return preemptor.find(live.inventory().ask(request));
    }

    /**
     * Makes room: evicts the victims and keeps the place. The inventory must be as the records say.
     *
     * @return what the VM waits for now; empty if there is no way
     */
    Optional<Kept> makeRoom(VmEntry vm, PlacementRequest request) {
        Optional<Preemption> found = find(request);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Preemption preemption = found.get();
        List<VmEntry> victims = preemption.victims().stream()
                .map(Victim::vmId)
                .flatMap(id -> cluster.vm(id).stream())
                .toList();
        List<String> faults = faults(request, preemption, victims);
        if (!faults.isEmpty()) {
            log.error("a preemption was dropped because it breaks rules: {}", faults);
            cluster.events().add("cluster", "PlanDropped", "a defect in preemption: " + faults.get(0));
            return Optional.empty();
        }
        long patienceMillis = patienceMillis(preemption);
        long untilMillis = cluster.nowMillis() + patienceMillis;
        nominations.nominate(request, preemption, untilMillis);
        Set<UUID> awaited = new LinkedHashSet<>(preemption.awaited());
        victims.forEach(victim -> awaited.add(victim.id()));
        waiting.put(
                vm.id(),
                new Waiting(
                        preemption.hostId(),
                        awaited,
                        cluster.nowNanos(),
                        cluster.nowNanos() + TimeUnit.MILLISECONDS.toNanos(patienceMillis)));
        String host = cluster.host(preemption.hostId()).map(HostEntry::name).orElse(preemption.hostId());
        evict(vm, victims, host);
        return Optional.of(new Kept(untilMillis, sentence(preemption, host)));
    }

    private List<String> faults(PlacementRequest request, Preemption preemption, List<VmEntry> victims) {
        List<String> faults = new ArrayList<>(PreemptionChecker.check(
                live.snapshotFor(request, preemption.hostId(), new HashSet<>(preemption.superseded())),
                new PreemptionChecker.Proposal(
                        request,
                        preemption.hostId(),
                        preemption.numaNodes(),
                        preemption.victims().stream().map(Victim::vmId).toList(),
                        preemption.awaited()),
                policy,
                budgets::of,
                this::isEndable));
        for (VmEntry victim : victims) {
            if (!(steps.peek(victim, VmEvent.EVICT_REQUESTED) instanceof Transition.Taken)) {
                faults.add("VM " + victim.name() + " cannot be evicted as it is " + victim.state());
            }
        }
        return faults;
    }

    private boolean isEndable(UUID vmId) {
        return cluster.vm(vmId)
                .filter(vm -> Movability.endForbidden(cluster.jobOf(vm).record(), vm.record())
                        .isEmpty())
                .isPresent();
    }

    private long patienceMillis(Preemption preemption) {
        Set<UUID> ending = new HashSet<>(preemption.awaited());
        preemption.victims().forEach(victim -> ending.add(victim.vmId()));
        long longest = 0;
        for (UUID id : ending) {
            longest = Math.max(
                    longest,
                    cluster.vm(id)
                            .map(vm -> STOPPING_SECONDS + Commands.graceSeconds(vm, cluster.jobOf(vm)))
                            .orElse(0L));
        }
        return Math.max(PATIENCE_MILLIS, 3 * TimeUnit.SECONDS.toMillis(longest));
    }

    private void evict(VmEntry forVm, List<VmEntry> victims, String host) {
        Unit unit = new Unit();
        int priority = cluster.jobOf(forVm).job().priority();
        for (VmEntry victim : victims) {
            steps.apply(
                    victim,
                    VmEvent.EVICT_REQUESTED,
                    record -> record.clearPreferredHostId()
                            .setNotBeforeMillis(0)
                            .clearFailedAtMillis()
                            .setReturning(false), // it takes no room that is kept for a lost host
                    "Preempted",
                    "preempted by VM " + forVm.name() + " of priority " + priority + ": it is stopped on " + host
                            + " and waits for another place",
                    unit);
        }
        if (!victims.isEmpty()) {
            String named = named(victims.stream().map(VmEntry::id).toList());
            unit.then(() -> cluster.events()
                    .add(
                            forVm.subject(),
                            "Preempts",
                            "a place on " + host + " is kept for it, where VMs of lower priority are stopped: "
                                    + named));
        }
        pipeline.accept(unit);
        metrics.preempted(victims.size());
    }

    private String sentence(Preemption preemption, String host) {
        List<String> parts = new ArrayList<>();
        if (!preemption.victims().isEmpty()) {
            parts.add("VMs of lower priority that are stopped for it: "
                    + named(preemption.victims().stream().map(Victim::vmId).toList()));
        }
        if (!preemption.awaited().isEmpty()) {
            parts.add("VMs that are on their way out: " + named(preemption.awaited()));
        }
        return "a place on " + host + " is kept for it, it waits for "
                + (parts.isEmpty() ? "its turn" : String.join("; and for ", parts));
    }

    private String named(List<UUID> ids) {
        String some = ids.stream()
                .limit(NAMED_MAX)
                .map(id -> cluster.vm(id).map(vm -> vm.name().toString()).orElse(id.toString()))
                .collect(Collectors.joining(", "));
        return ids.size() > NAMED_MAX ? some + " and " + (ids.size() - NAMED_MAX) + " more" : some;
    }
}
