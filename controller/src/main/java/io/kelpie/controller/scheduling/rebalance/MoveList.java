package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.whatif.MoveRules;
import io.kelpie.controller.scheduling.whatif.Trial;
import io.kelpie.controller.scheduling.whatif.Waves;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The moves that are decided, divided into waves in their order. A move opens a new wave if the last one is full, if
 * its job's budget is used up there, if rules bind it to a VM that moves there, or if a host would both give and take
 * there: so within a wave there is room for each VM at its new host while all of them still hold their old one. Belongs
 * to one thread.
 */
final class MoveList {
    private final Trial trial;
    private final Mover mover;
    private final int startsInFlightMax;
    private final Waves waves;
    private final List<Move> moves = new ArrayList<>();
    private final List<Integer> inWave = new ArrayList<>(); // positions
    private final Set<Integer> giving = new HashSet<>();
    private final Map<Integer, Integer> taking = new HashMap<>(); // by host

    /**
     * @param startsInFlightMax instances that a host may be starting at once; 0: any number
     */
    MoveList(Trial trial, Mover mover, MoveRules moveRules, int atOnce, int startsInFlightMax) {
        this.trial = trial;
        this.mover = mover;
        this.startsInFlightMax = startsInFlightMax;
        waves = new Waves(atOnce, job -> left(moveRules, job));
    }

    /** VMs that do not run now are not taken to run again when the next wave comes. */
    private static MoveRules.Budget left(MoveRules moveRules, JobKey job) {
        return new MoveRules.Budget(moveRules.budget(job).left(), 0);
    }

    List<Move> moves() {
        return moves;
    }

    /**
     * Adds a move that was done on the copy.
     *
     * @param instance what {@link Mover#setDown} returned
     */
    void add(int position, int instance, int gain, int cost, String words) {
        InstanceView vm = trial.view(position);
        int target = trial.inventory().hostOf(instance);
        HostTable hosts = trial.inventory().hosts();
        int source = hosts.hostIndex(vm.hostId());
        if (!fits(position, source, target)) {
            waves.next();
            inWave.clear();
            giving.clear();
            taking.clear();
        }
        waves.take(vm.job());
        inWave.add(position);
        giving.add(source);
        taking.merge(target, 1, Integer::sum);
        moves.add(new Move(
                vm.vmId(),
                vm.job(),
                vm.ordinal(),
                vm.hostId(),
                hosts.view(target).id(),
                trial.inventory().numaNodes(instance),
                waves.wave(),
                gain,
                cost,
                words));
    }

    private boolean fits(int position, int source, int target) {
        if (!waves.admits(trial.view(position).job()) || giving.contains(target) || taking.containsKey(source)) {
            return false;
        }
        HostView view = trial.inventory().hosts().view(target);
        int starting = taking.getOrDefault(target, 0) + (waves.wave() == 1 ? view.startsInFlight() : 0);
        return (startsInFlightMax == 0 || starting < startsInFlightMax)
                && inWave.stream().noneMatch(other -> mover.areRelated(position, other));
    }
}
