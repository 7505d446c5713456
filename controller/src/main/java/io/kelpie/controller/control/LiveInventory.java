package io.kelpie.controller.control;

import static java.util.Objects.requireNonNull;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.check.InstanceBook;
import io.kelpie.controller.scheduling.check.Remainder;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import io.kelpie.controller.scheduling.explain.Explainer;
import io.kelpie.controller.scheduling.explain.Explanation;
import io.kelpie.controller.scheduling.preempt.Nomination;
import io.kelpie.controller.scheduling.preempt.Nominations;
import io.kelpie.proto.v1.Pool;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The {@link Inventory} of the cluster as the records say, brought up to date by what has changed since. Belongs to the
 * control thread.
 */
final class LiveInventory {
    /** VMs without a backup are tried again so many times, some at a time: bounds the tick. */
    private static final int SETTLED_MAX = 50;

    private final ClusterEditor cluster;
    private final Inventory inventory;
    private final Search search;
    private final Nominations nominations;
    private final Map<String, HostView> hosts = new LinkedHashMap<>();
    private final InstanceBook instances = new InstanceBook();
    private final Map<UUID, Integer> counted = new HashMap<>();
    private Set<String> sharedPools = Set.of();
    private final Map<UUID, Integer> tentative = new LinkedHashMap<>();
    private final Set<UUID> placed = new HashSet<>();
    private InventoryChanges changes = new InventoryChanges();

    /**
     * @param seed decides between hosts that are as good
     */
    LiveInventory(ClusterEditor cluster, SchedulingPolicy policy, long seed) {
        this.cluster = cluster;
        inventory = new Inventory(policy, seed, Reservation::of);
        search = new Search(inventory);
        nominations = new Nominations(inventory);
    }

    Inventory inventory() {
        return inventory;
    }

    /** Names of pools that more hosts than one see, as of the last {@link #refresh}. */
    Set<String> sharedPools() {
        return sharedPools;
    }

    /** Whether the pool is one of them. */
    boolean isShared(String pool) {
        return sharedPools.contains(pool);
    }

    /** VMs that are to be started elsewhere if their host is lost, and could not; 0 if the policy keeps no room. */
    int unprotected() {
        refresh();
        int unprotected = inventory.reserve().unprotected();
        for (int i = 0; i < SETTLED_MAX && unprotected > 0; i++) {
            inventory.reserve().settle(); // tries some of them again
            int left = inventory.reserve().unprotected();
            if (left >= unprotected) {
                return left;
            }
            unprotected = left;
        }
        return unprotected;
    }

    /** Ids of the hosts that keep room for VMs of a host, by VM; the others have none. */
    Map<UUID, String> backupsOn(String hostId) {
        if (!keepsRoom()) {
            return Map.of();
        }
        refresh();
        Map<UUID, String> backups = new HashMap<>();
        for (InstanceView instance : instances.on(hostId)) {
            backup(instance.vmId()).ifPresent(backup -> backups.put(instance.vmId(), backup));
        }
        return backups;
    }

    /** Whether room is kept for the loss of a host. */
    boolean keepsRoom() {
        return inventory.policy().nPlusOne() != NPlusOne.OFF;
    }

    /** Id of the host that keeps room for a VM that has an instance, as of the last {@link #refresh}. */
    Optional<String> backup(UUID vmId) {
        Integer number = counted.get(vmId);
        int host = number == null ? HostTable.UNKNOWN : inventory.backupOf(number);
        return host == HostTable.UNKNOWN
                ? Optional.empty()
                : Optional.of(inventory.hosts().view(host).id());
    }

    /**
     * The decisions with the backups that their VMs have once all of them are placed.
     *
     * @param decisions those made since the last refresh
     */
    List<Decision> withBackups(List<Decision> decisions) {
        List<Decision> corrected = new ArrayList<>(decisions);
        List<Integer> numbers = decisions.stream()
                .map(decision -> tentative.getOrDefault(decision.vmId(), Inventory.NO_INSTANCE))
                .toList();
        Scheduler.noteBackups(inventory, numbers, corrected);
        return corrected;
    }

    /** Over the inventory. */
    Search search() {
        return search;
    }

    /** Places in the inventory that are kept for VMs; those on a host that goes are given up. */
    Nominations nominations() {
        return nominations;
    }

    /** What {@link #refresh} has found since the last call. */
    InventoryChanges takeChanges() {
        InventoryChanges taken = changes;
        changes = new InventoryChanges();
        return taken;
    }

    // ---- snapshots, as of the last refresh, with the places that are kept

    /** For what is planned on a copy. */
    ClusterSnapshot snapshot() {
        return snapshot(backedUp(instances.all()), Set.of());
    }

    /** For the check of a plan for the requests: of the instances those that can make a difference. */
    ClusterSnapshot snapshotFor(List<PlacementRequest> requests) {
        return snapshot(concerning(requests), Set.of());
    }

    /**
     * For the check of a preemption on a host: of the instances those there, and those that can make a difference.
     *
     * @param superseded VMs for which no place is kept any more
     */
    ClusterSnapshot snapshotFor(PlacementRequest request, String hostId, Set<UUID> superseded) {
        Map<UUID, InstanceView> some = new LinkedHashMap<>();
        instances.concerning(List.of(request)).forEach(instance -> some.put(instance.vmId(), instance));
        instances.on(hostId).forEach(instance -> some.put(instance.vmId(), instance));
        return snapshot(some.values(), superseded);
    }

    /** For the check of a plan as if the VMs had no instances; what they hold still counts as held. */
    ClusterSnapshot snapshotWithout(Set<UUID> vms, List<PlacementRequest> requests) {
        return snapshot(
                concerning(requests).stream()
                        .filter(instance -> !vms.contains(instance.vmId()))
                        .toList(),
                Set.of());
    }

    /** Where room is kept for the loss of a host, all may make a difference. */
    private Collection<InstanceView> concerning(List<PlacementRequest> requests) {
        return keepsRoom() ? backedUp(instances.all()) : instances.concerning(requests);
    }

    private Collection<InstanceView> backedUp(Collection<InstanceView> some) {
        return keepsRoom()
                ? some.stream()
                        .map(instance -> instance.backedUpOn(backup(instance.vmId())))
                        .toList()
                : some;
    }

    private ClusterSnapshot snapshot(Collection<InstanceView> some, Set<UUID> superseded) {
        List<Nomination> kept = nominations.all();
        if (kept.isEmpty()) {
            return new ClusterSnapshot(List.copyOf(hosts.values()), List.copyOf(some));
        }
        Map<String, HostView> with = new LinkedHashMap<>(hosts);
        List<InstanceView> there = new ArrayList<>(some);
        for (Nomination nomination : kept) {
            HostView host = with.get(nomination.hostId());
            if (host != null && !superseded.contains(nomination.request().vmId())) {
                InstanceView claim = claim(nomination);
                boolean withPools = !nomination.request().boundToHost().equals(Optional.of(host.id()));
                with.put(host.id(), Remainder.with(host, claim.held(), withPools));
                there.add(claim);
            }
        }
        return new ClusterSnapshot(List.copyOf(with.values()), there);
    }

    private InstanceView claim(Nomination nomination) {
        return InstanceView.of(nomination.request(), nomination.hostId(), nomination.numaNodes(), cluster.nowMillis());
    }

    // ---- questions

    /** Answers a question as if the VMs had no instances; they are back afterwards. */
    <T> T without(Set<UUID> vms, Supplier<T> question) {
        List<UUID> released = vms.stream().filter(counted::containsKey).toList();
        released.forEach(id -> inventory.release(requireNonNull(counted.get(id))));
        T answer = question.get();
        for (UUID id : released) {
            counted.put(id, inventory.add(instances.of(id).orElseThrow()));
            mark(id);
        }
        return answer;
    }

    /** Explains what would be decided now. Looks at every host. */
    Explanation explain(PlacementRequest request) {
        return new Explainer(inventory).explain(request);
    }

    /**
     * Decides on a request. If it finds a host it holds its place there until the next refresh, which then does not tell
     * that the VM has come.
     *
     * @param explained whether a VM that finds a host is told which rules removed others: a look at every host
     */
    Decision place(PlacementRequest request, boolean explained) {
        Scheduler.Outcome outcome = Scheduler.decide(inventory, search, request, explained);
        if (outcome.isPlaced()) {
            tentative.put(request.vmId(), outcome.instance());
            placed.add(request.vmId());
        }
        return outcome.decision();
    }

    // ---- changes

    /** Brings it up to date. Instances go first and come last: a host that is gone has none then. */
    void refresh() {
        List<Integer> numbers = List.copyOf(tentative.values());
        for (int i = numbers.size() - 1; i >= 0; i--) {
            inventory.release(numbers.get(i));
        }
        tentative.clear();
        Map<UUID, InstanceView> left = new LinkedHashMap<>();
        Set<UUID> moved = cluster.changes().takeMoved();
        Set<String> shared = poolsSeenByMore();
        if (!shared.equals(sharedPools)) {
            sharedPools = shared;
            moved.addAll(counted.keySet()); // which of them are started elsewhere depends on it
        }
        Map<UUID, String> backups = new HashMap<>();
        if (keepsRoom()) {
            moved.stream()
                    .filter(counted::containsKey)
                    .forEach(id -> backup(id).ifPresent(backup -> backups.put(id, backup)));
        }
        for (UUID id : moved) {
            InstanceView former = forget(id);
            if (former != null) {
                left.put(id, former);
            }
        }
        refreshHosts();
        for (UUID id : moved) {
            cluster.vm(id).ifPresent(vm -> enter(vm, backups));
            tell(left.get(id), instances.of(id).orElse(null));
        }
        placed.clear();
        cluster.changes().takeStanding().forEach(this::mark);
        inventory.reserve().settle();
    }

    private Set<String> poolsSeenByMore() {
        Set<String> shared = new HashSet<>();
        for (HostEntry host : cluster.hosts()) {
            for (Pool pool : host.capabilities().getPoolsList()) {
                if (pool.getShared()) {
                    shared.add(pool.getName());
                }
            }
        }
        return shared;
    }

    private void tell(@Nullable InstanceView former, @Nullable InstanceView now) {
        boolean stays = former != null && now != null && former.hostId().equals(now.hostId());
        if (former != null && !stays) {
            changes.left(former);
        }
        if (now != null && !stays && !placed.contains(now.vmId())) {
            changes.joined(now);
        }
    }

    private void refreshHosts() {
        Set<String> gone = new HashSet<>(hosts.keySet());
        for (HostEntry host : cluster.hosts()) {
            gone.remove(host.id());
            HostView view = HostViews.of(host, host.startsInFlight());
            HostView former = hosts.put(host.id(), view);
            if (!view.equals(former)) {
                inventory.put(view);
                changes.changed(former, view);
            }
        }
        for (String id : gone) {
            hosts.remove(id);
            for (InstanceView instance : instances.on(id)) {
                forget(instance.vmId());
                changes.left(instance);
            }
            changes.dropped(nominations.dropAllOn(id));
            inventory.remove(id);
        }
    }

    private @Nullable InstanceView forget(UUID vmId) {
        Integer number = counted.remove(vmId);
        if (number != null) {
            inventory.uncount(number);
        }
        return instances.remove(vmId);
    }

    private void enter(VmEntry vm, Map<UUID, String> backups) {
        Optional<HostEntry> host = Records.nonEmpty(vm.record().getHostId()).flatMap(cluster::host);
        if (host.isEmpty()) {
            return;
        }
        Optional<String> backup = Optional.ofNullable(backups.get(vm.id()))
                .or(() -> Records.nonEmpty(vm.record().getBackupHostId()));
        InstanceView view = InstanceViews.of(vm, host.get(), cluster.jobOf(vm), this::isShared, backup);
        int number = inventory.count(view);
        if (number != HostTable.UNKNOWN) {
            instances.put(view);
            counted.put(vm.id(), number);
            mark(vm.id());
        }
    }

    /** Whether an instance is on its way out, and whether it may be ended for others. */
    private void mark(UUID vmId) {
        Integer number = counted.get(vmId);
        VmEntry vm = cluster.vm(vmId).orElse(null);
        if (number == null || vm == null) {
            return;
        }
        if (Movability.isLeaving(vm.record())) {
            inventory.leaves(number);
        } else {
            inventory.stays(number);
        }
        inventory.keepRunning(number, !isEndable(vm));
    }

    private boolean isEndable(VmEntry vm) {
        return Movability.endForbidden(cluster.jobOf(vm).record(), vm.record()).isEmpty();
    }
}
