package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.StoredWait;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.queue.InventoryChecks;
import io.kelpie.controller.scheduling.queue.PendingQueue;
import io.kelpie.controller.scheduling.queue.QueueSettings;
import io.kelpie.controller.scheduling.queue.WaitingVm;
import io.kelpie.proto.v1.AvoidedHost;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** Keeps the queue of VMs without a place as the records say. Belongs to the control thread. */
final class PendingVms {
    /**
     * What is shown of VMs that nothing helps is not much older than this, as long as they are of few classes; of many, a
     * few are decided on anew in each round: each is a look at every host.
     */
    private static final QueueSettings SETTINGS = new QueueSettings(2_000, 2, 100_000);

    private final ClusterEditor cluster;
    private final LiveInventory live;
    private final PendingQueue queue;
    private long latestMillis = Long.MIN_VALUE;

    PendingVms(ClusterEditor cluster, LiveInventory live) {
        this.cluster = cluster;
        this.live = live;
        queue = new PendingQueue(new InventoryChecks(live.inventory()), SETTINGS);
    }

    PendingQueue queue() {
        return queue;
    }

    /** Whether no VM waits, as far as the records say. */
    boolean isEmpty() {
        return queue.size() == 0 && !cluster.changes().hasWaiting();
    }

    /**
     * Tells the queue what has changed since the last call, and that time has gone on.
     *
     * @return VMs that began to wait, or ask for something else than before
     */
    List<VmEntry> advance(InventoryChanges changes) {
        long now = cluster.nowMillis();
        Set<UUID> changed = cluster.changes().takeWaiting();
        if (now < latestMillis) {
            // The clock was set back: waits that it measured are over, see StoredWait.
            cluster.pending().stream()
                    .filter(vm ->
                            vm.record().getNotBeforeMillis() > 0 || vm.record().getAvoidedHostsCount() > 0)
                    .forEach(vm -> changed.add(vm.id()));
        }
        latestMillis = now;
        List<VmEntry> waiting = changed.stream()
                .flatMap(id -> cluster.vm(id).stream())
                .filter(vm -> vm.state() == VmState.PENDING)
                .toList();
        for (UUID id : changed) {
            cluster.vm(id)
                    .filter(vm -> vm.state() == VmState.PENDING)
                    .ifPresentOrElse(vm -> queue.put(waiting(vm, 0)), () -> queue.remove(id));
        }
        changes.tell(queue);
        queue.advance(now);
        return waiting;
    }

    /** A VM waits again, which has left the queue for nothing; not before that time, in milliseconds since 1970. */
    void back(VmEntry vm, long notBeforeMillis) {
        queue.put(waiting(vm, notBeforeMillis));
    }

    /** What a VM asks for now. */
    PlacementRequest request(VmEntry vm) {
        JobEntry job = cluster.jobOf(vm);
        return PlacementRequests.of(job.job(), job.record(), vm.record(), live::isShared, cluster.nowMillis());
    }

    private WaitingVm waiting(VmEntry vm, long notBeforeMillis) {
        long now = cluster.nowMillis();
        long since = vm.record().getStateSinceMillis();
        long stored = vm.record().getNotBeforeMillis();
        SortedMap<String, Long> avoided = new TreeMap<>();
        for (AvoidedHost host : vm.record().getAvoidedHostsList()) {
            if (!StoredWait.isOver(host.getSinceMillis(), host.getUntilMillis(), now)) {
                avoided.merge(host.getHostId(), host.getUntilMillis(), Math::max);
            }
        }
        return new WaitingVm(
                request(vm).avoiding(Set.of()),
                since,
                Math.max(StoredWait.isOver(since, stored, now) ? 0 : stored, notBeforeMillis),
                avoided);
    }
}
