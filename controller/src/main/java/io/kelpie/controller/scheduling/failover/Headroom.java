package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * How many more VMs of a shape fit, now and after a loss of hosts.
 *
 * @param now VMs that fit in what is free now, nothing kept back
 * @param afterLoss VMs that fit in what is free when the hosts are lost and their VMs run elsewhere
 * @param lostHosts ids of the hosts that the two figures about a loss are for; empty if none is lost
 * @param notRestarted VMs of the lost hosts that are to run elsewhere and find no place
 */
public record Headroom(long now, long afterLoss, List<String> lostHosts, int notRestarted) {
    private static final Comparator<Headroom> WORST_LAST = Comparator.comparingInt(Headroom::notRestarted)
            .thenComparing(Headroom::afterLoss, Comparator.reverseOrder())
            .thenComparing(loss -> String.join(",", loss.lostHosts()), Comparator.reverseOrder());

    public Headroom {
        lostHosts = List.copyOf(lostHosts);
    }

    /**
     * The headroom of a cluster for a shape. For one lost host every host is tried, and the worst one is told: the one
     * after which most VMs are without a place, then fewest more fit. For more than one those are lost together that
     * carry most, by vCPUs and memory as parts of what the mean host has. Pure; safe for use by any thread.
     *
     * @param shape the VMs that are to fit, each for itself: rules about other VMs play no part
     * @param lose hosts to be lost, from 0 to less than there are
     * @param sizing what a VM of a shape holds of its host
     * @throws IllegalArgumentException if so many hosts are not there
     */
    public static Headroom of(
            ClusterSnapshot snapshot,
            SchedulingPolicy policy,
            long seed,
            Function<VmShape, Reservation> sizing,
            VmShape shape,
            int lose) {
        if (lose < 0 || (lose > 0 && lose >= snapshot.hosts().size())) {
            throw new IllegalArgumentException(lose + " of " + snapshot.hosts().size() + " hosts cannot be lost");
        }
        Inventory inventory = new Inventory(policy.withNPlusOne(NPlusOne.OFF), seed, sizing);
        Backups backups = new Backups(inventory);
        snapshot.hosts().forEach(inventory::put);
        for (InstanceView instance : snapshot.instances()) {
            int number = inventory.count(instance);
            if (number != HostTable.UNKNOWN && lose == 1) {
                backups.entered(number, false);
            }
        }
        Copies copies = new Copies(inventory, backups, ask(inventory, shape));
        long now = copies.inAll();
        if (lose == 0) {
            return new Headroom(now, now, List.of(), 0);
        }
        if (lose > 1) {
            return afterLossOf(snapshot, policy, seed, sizing, shape, now, largest(snapshot, inventory, lose));
        }
        backups.settleAll();
        return afterWorstLoss(inventory, backups, copies, now);
    }

    private static Headroom afterWorstLoss(Inventory inventory, Backups backups, Copies copies, long now) {
        HostTable hosts = inventory.hosts();
        Headroom worst = new Headroom(now, Long.MAX_VALUE, List.of(), -1);
        for (int host = 0; host < hosts.limit(); host++) {
            if (hosts.exists(host)) {
                Headroom loss = new Headroom(
                        now, copies.without(host), List.of(hosts.view(host).id()), backups.unprotectedOn(host));
                worst = WORST_LAST.compare(loss, worst) > 0 ? loss : worst;
            }
        }
        return worst;
    }

    private static Headroom afterLossOf(
            ClusterSnapshot snapshot,
            SchedulingPolicy policy,
            long seed,
            Function<VmShape, Reservation> sizing,
            VmShape shape,
            long now,
            List<String> lost) {
        Inventory inventory = new Inventory(policy.withNPlusOne(NPlusOne.OFF), seed, sizing);
        snapshot.hosts().stream().filter(host -> !lost.contains(host.id())).forEach(inventory::put);
        snapshot.instances().forEach(inventory::count);
        List<InstanceView> victims = snapshot.instances().stream()
                .filter(instance -> instance.restartable() && lost.contains(instance.hostId()))
                .sorted(Comparator.comparingLong((InstanceView instance) -> -inventory.share(
                                instance.held().vcpus(),
                                instance.held().memoryMib() + instance.held().hugepagesMib()))
                        .thenComparing(InstanceView::job)
                        .thenComparing(InstanceView::ordinal)
                        .thenComparing(InstanceView::vmId))
                .toList();
        Search search = new Search(inventory);
        int notRestarted = 0;
        for (InstanceView victim : victims) {
            Ask ask = inventory.ask(victim.again());
            int host = search.best(ask);
            if (host == HostTable.UNKNOWN) {
                notRestarted++;
            } else {
                inventory.place(ask, host);
            }
        }
        Copies copies = new Copies(inventory, new Backups(inventory), ask(inventory, shape));
        return new Headroom(now, copies.inAll(), lost, notRestarted);
    }

    private static List<String> largest(ClusterSnapshot snapshot, Inventory inventory, int count) {
        return snapshot.hosts().stream()
                .sorted(Comparator.comparingLong((HostView host) ->
                                -inventory.share(host.held().cpus(), host.held().memoryMib()))
                        .thenComparing(HostView::id))
                .limit(count)
                .map(HostView::id)
                .toList();
    }

    private static Ask ask(Inventory inventory, VmShape shape) {
        return inventory.ask(
                PlacementRequest.of(new UUID(0, 0), new JobKey("", ""), 0, 1, 0, shape, PlacementRules.NONE));
    }
}
