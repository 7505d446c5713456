package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.score.Scorer;
import io.kelpie.controller.scheduling.score.Scorers;
import io.kelpie.controller.scheduling.whatif.MoveRules;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Moves VMs on the copy, one after the other: lifts one off its host, asks where it may go, sets it down there or puts
 * it back. Belongs to one thread.
 */
final class Mover {
    private static final long COST_UNIT = Scorer.POINT / (Loads.WHOLE / 100);

    private final Trial trial;
    private final Inventory inventory;
    private final HostTable hosts;
    private final Loads loads;
    private final Neighbours neighbours;
    private final MoveRules moveRules;
    private final Map<Integer, Optional<String>> reasons = new HashMap<>(); // by position
    private final Map<Integer, PlacementRequest> requests = new HashMap<>();
    private int workLeft;
    private int position;
    private int source;
    private @Nullable Ask ask;
    private boolean minded;

    Mover(Trial trial, Loads loads, Neighbours neighbours, MoveRules moveRules, int workMax) {
        this.trial = trial;
        this.loads = loads;
        this.neighbours = neighbours;
        this.moveRules = moveRules;
        inventory = trial.inventory();
        hosts = inventory.hosts();
        workLeft = workMax;
    }

    /** Whether the work that is allowed is done. */
    boolean isExhausted() {
        return workLeft <= 0;
    }

    /** Hosts were looked at. */
    void work(int amount) {
        workLeft -= amount;
    }

    /** Why the VM is not moved at all; empty if it may be. */
    Optional<String> whyStays(int vm) {
        Optional<String> known = reasons.get(vm);
        if (known == null) {
            known = findWhyStays(trial.view(vm));
            reasons.put(vm, known);
        }
        return known;
    }

    private Optional<String> findWhyStays(InstanceView vm) {
        if (trial.of(vm.vmId()).size() > 1) {
            return Optional.of("is on its way between hosts");
        }
        Optional<String> forbidden = moveRules.forbidden(vm);
        if (forbidden.isPresent()) {
            return forbidden;
        }
        MoveRules.Budget budget = moveRules.budget(vm.job());
        if (budget.left() == 0) {
            return Optional.of("belongs to a job whose maxUnavailable is " + budget.maxUnavailable() + ", and "
                    + budget.unavailable() + " of its VMs do not run");
        }
        return moveRules
                .request(vm)
                .boundToHost()
                .map(host -> "keeps disk " + moveRules.request(vm).boundDisk() + " on its host");
    }

    /** Takes a VM off its host. Returns whether there is any host that it may go to. */
    boolean lift(int vm) {
        position = vm;
        minded = false;
        source = hosts.hostIndex(trial.view(vm).hostId());
        trial.release(vm);
        ask = inventory.ask(request(vm));
        workLeft--;
        return trial.search().best(ask) != HostTable.UNKNOWN;
    }

    /** What the VM asks for: a move is worth no room that is kept for the loss of a host. */
    PlacementRequest request(int vm) {
        return requests.computeIfAbsent(
                vm, any -> moveRules.request(trial.view(vm)).sparingKeptRoom());
    }

    /** The VM that is lifted, as the engine sees it. */
    Ask lifted() {
        if (ask == null) {
            throw new IllegalStateException("no VM is lifted");
        }
        return ask;
    }

    /** Whether every rule lets the VM that is lifted go to the host, and nobody minds that it leaves its own. */
    boolean mayGoTo(int target) {
        workLeft--;
        if (target == source
                || !trial.search().passes(target)
                || !inventory.reserve().allows(target, lifted())) {
            return false;
        }
        boolean objection = neighbours
                .objection(position, target, request(position).rules())
                .isPresent();
        minded |= objection;
        return !objection;
    }

    /** Whether the VM that was lifted last could have gone somewhere, did not others mind that it leaves. */
    boolean wasMinded() {
        return minded;
    }

    /** What the host is worse for the VM that is lifted than its own, as {@link Move} says; from 0. */
    int cost(int target) {
        long more = 0;
        for (Scorer scorer : Scorers.ALL) {
            if (scorer.concerns(lifted(), inventory)) {
                more += scorer.cost(inventory, target, lifted()) - scorer.cost(inventory, source, lifted());
            }
        }
        return (int) Math.max(0, (more + COST_UNIT - 1) / COST_UNIT);
    }

    /** The VM that is lifted goes back to its host. */
    void putBack() {
        trial.restore(position);
        ask = null;
    }

    /** The VM that is lifted goes to a host that it may go to. Returns what {@link #takeBack} needs. */
    int setDown(int target) {
        int instance = inventory.place(lifted(), target);
        inventory.started(instance);
        neighbours.moved(position, target);
        loads.renew(source);
        loads.renew(target);
        ask = null;
        return instance;
    }

    /** Undoes a move that {@link #setDown} did. */
    void takeBack(int vm, int instance) {
        int target = inventory.hostOf(instance);
        int home = hosts.hostIndex(trial.view(vm).hostId());
        inventory.release(instance);
        trial.restore(vm);
        neighbours.moved(vm, home);
        loads.renew(home);
        loads.renew(target);
    }

    /** The rules of the VM, as it is and as it will be, look at the other or the other's at it. */
    boolean areRelated(int vm, int other) {
        JobKey job = trial.view(vm).job();
        JobKey otherJob = trial.view(other).job();
        PlacementRules rules = trial.view(vm).rules();
        PlacementRules otherRules = trial.view(other).rules();
        return Neighbours.areRelated(job, rules, otherJob, otherRules)
                || Neighbours.areRelated(
                        job, request(vm).rules(), otherJob, request(other).rules());
    }
}
