package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.whatif.MoveRules;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.ArrayList;
import java.util.List;

/**
 * Proposes moves of VMs that bring a cluster nearer to a goal. Pure and deterministic; safe for use by any thread.
 *
 * <p>The moves are checked for eviction: a VM holds its old host until it has ended, and is then placed anew. Each is
 * checked in its turn, with all moves before it done:
 *
 * <ul>
 *   <li>the new host has the room for it while the VMs of the same wave still hold their old hosts;
 *   <li>it passes every rule of placement on the new host, with the VM no longer counted on its old one;
 *   <li>no VM that stays loses one that it has to be near to, and no job is spread worse than it was or its rule allows;
 *   <li>no wave has more moves than {@link Limits#atOnce}, or of one job than its budget leaves; VMs whose rules look at
 *       each other are in different waves.
 * </ul>
 *
 * <p>Only VMs on hosts that are ready, neither cordoned nor being drained are moved, and none twice.
 */
public final class Rebalancer {
    private Rebalancer() {}

    /**
     * Proposes moves; the snapshot stays as it is.
     *
     * @param seed breaks ties as in the scheduler
     */
    public static RebalancePlan plan(
            ClusterSnapshot snapshot,
            SchedulingPolicy policy,
            long seed,
            Goal goal,
            Limits limits,
            MoveRules moveRules) {
        SchedulingPolicy.Packing packing = switch (goal) {
            case EVEN -> SchedulingPolicy.Packing.SPREAD;
            case EMPTY_HOSTS -> SchedulingPolicy.Packing.PACK;
        };
        Trial trial = Trial.of(snapshot, policy.withoutStartsInFlight().withPacking(packing), seed);
        HostTable hosts = trial.inventory().hosts();
        Loads loads = new Loads(hosts);
        Neighbours neighbours = new Neighbours(trial);
        Mover mover = new Mover(trial, loads, neighbours, moveRules, limits.workMax());
        MoveList list = new MoveList(trial, mover, moveRules, limits.atOnce(), policy.startsInFlightMax());
        List<LeftOut> leftOut = new ArrayList<>();
        List<Integer> carryingBefore = carrying(loads, neighbours);
        Measure before = loads.measure(carryingBefore.size());
        List<String> emptied = new ArrayList<>();
        boolean complete = switch (goal) {
            case EVEN -> new EvenOut(trial, loads, mover, list, limits, leftOut).run();
            case EMPTY_HOSTS -> {
                EmptyHosts search = new EmptyHosts(trial, loads, neighbours, mover, list, limits, leftOut);
                boolean ended = search.run();
                emptied.addAll(search.emptied());
                yield ended;
            }
        };
        Measure after = loads.measure(carrying(loads, neighbours).size());
        if (goal == Goal.EVEN) {
            carryingBefore.removeAll(carrying(loads, neighbours));
            carryingBefore.forEach(host -> emptied.add(hosts.view(host).id()));
        }
        return new RebalancePlan(goal, list.moves(), before, after, emptied, leftOut, complete);
    }

    private static List<Integer> carrying(Loads loads, Neighbours neighbours) {
        List<Integer> carrying = new ArrayList<>(loads.taking());
        carrying.removeIf(host -> neighbours.vmsOn(host) == 0);
        return carrying;
    }
}
