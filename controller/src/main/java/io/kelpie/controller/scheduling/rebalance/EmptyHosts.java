package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.whatif.Trial;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Empties hosts, the one with the fewest VMs first, then with the least memory. Each VM goes to the fullest host that it
 * may go to and that carries VMs already. A host that cannot be emptied is left as it is; one that took VMs is not
 * emptied, so no VM moves twice.
 */
final class EmptyHosts {
    /** So many looks at a host's room count as one at its rules. */
    private static final int ROOM_LOOKS = 64;

    /** A VM that was moved in an attempt. */
    private record Moved(int position, int instance, int target, int cost) {}

    private final Trial trial;
    private final HostTable hosts;
    private final Loads loads;
    private final Neighbours neighbours;
    private final Mover mover;
    private final MoveList list;
    private final Limits limits;
    private final List<LeftOut> leftOut;
    private final Set<Integer> took = new HashSet<>(); // hosts
    private final List<String> emptied = new ArrayList<>();
    private List<Integer> fullestFirst = List.of();
    private boolean outOfMoves;

    EmptyHosts(
            Trial trial,
            Loads loads,
            Neighbours neighbours,
            Mover mover,
            MoveList list,
            Limits limits,
            List<LeftOut> leftOut) {
        this.trial = trial;
        this.loads = loads;
        this.neighbours = neighbours;
        this.mover = mover;
        this.list = list;
        this.limits = limits;
        this.leftOut = leftOut;
        hosts = trial.inventory().hosts();
    }

    /** Ids of the hosts that were emptied, in their order. */
    List<String> emptied() {
        return emptied;
    }

    /** Makes the moves. Returns whether it came to its end. */
    boolean run() {
        List<Integer> leastFirst = new ArrayList<>(loads.taking());
        leastFirst.removeIf(host -> neighbours.vmsOn(host) == 0);
        leastFirst.sort(Comparator.comparingInt(neighbours::vmsOn)
                .thenComparingLong(host -> hosts.view(host).held().memoryMib()));
        sortTargets();
        for (int host : leastFirst) {
            if (mover.isExhausted()) {
                return false;
            }
            if (!took.contains(host)) {
                attempt(host);
            }
        }
        return !outOfMoves && !mover.isExhausted();
    }

    private void sortTargets() {
        fullestFirst = new ArrayList<>(loads.taking());
        fullestFirst.removeIf(host -> neighbours.vmsOn(host) == 0);
        fullestFirst.sort(Comparator.comparingInt(host -> -loads.of(host)));
    }

    private void attempt(int host) {
        List<Integer> vms = inOrder(host);
        Optional<LeftOut> reason = whyNot(host, vms);
        if (reason.isPresent()) {
            leftOut.add(reason.get());
            return;
        }
        List<Moved> done = new ArrayList<>();
        Optional<Integer> stuck = moveAll(vms, done);
        if (stuck.isEmpty()) {
            commit(host, done);
            return;
        }
        for (int i = done.size() - 1; i >= 0; i--) {
            mover.takeBack(done.get(i).position(), done.get(i).instance());
        }
        leftOut.add(new LeftOut(
                hosts.view(host).id(),
                stuck.map(vm -> trial.view(vm).vmId()),
                mover.isExhausted()
                        ? "was not tried to the end"
                        : "has no place on another host that carries VMs, at a cost below its gain"));
    }

    /** Moves VMs away; those that others of them want near come after them. Returns one that has no place, if any. */
    private Optional<Integer> moveAll(List<Integer> vms, List<Moved> done) {
        List<Integer> waiting = vms;
        while (!waiting.isEmpty()) {
            List<Integer> minded = new ArrayList<>();
            for (int vm : waiting) {
                Optional<Moved> moved = mover.lift(vm) ? move(vm, mostCost(vms.size())) : Optional.empty();
                if (moved.isPresent()) {
                    done.add(moved.get());
                    continue;
                }
                mover.putBack();
                if (!mover.wasMinded() || mover.isExhausted()) {
                    return Optional.of(vm);
                }
                minded.add(vm);
            }
            if (minded.size() == waiting.size()) {
                return Optional.of(minded.get(0));
            }
            waiting = minded;
        }
        return Optional.empty();
    }

    /** A VM's share in emptying a host of so many. */
    private static int share(int vms, int number) {
        return Loads.WHOLE / vms + (number < Loads.WHOLE % vms ? 1 : 0);
    }

    private int mostCost(int vms) {
        return Loads.WHOLE / vms - limits.leastGain();
    }

    private Optional<LeftOut> whyNot(int host, List<Integer> vms) {
        String id = hosts.view(host).id();
        for (int vm : vms) {
            Optional<String> stays = mover.whyStays(vm);
            if (stays.isPresent()) {
                return Optional.of(new LeftOut(id, Optional.of(trial.view(vm).vmId()), stays.get()));
            }
        }
        if (holdsMore(hosts.view(host), vms)) {
            return Optional.of(new LeftOut(id, Optional.empty(), "holds more than its VMs do: kept disks or orphans"));
        }
        if (mostCost(vms.size()) < 0) {
            return Optional.of(new LeftOut(
                    id, Optional.empty(), "has " + vms.size() + " VMs, too many for what emptying one host gains"));
        }
        int left = limits.movesMax() - list.moves().size();
        if (vms.size() > left) {
            outOfMoves = true;
            return Optional.of(
                    new LeftOut(id, Optional.empty(), "has " + vms.size() + " VMs, and " + left + " moves are left"));
        }
        return Optional.empty();
    }

    private boolean holdsMore(HostView view, List<Integer> vms) {
        long vcpus = 0;
        long memoryMib = 0;
        long hugepagesMib = 0;
        SortedMap<String, Long> poolMib = new TreeMap<>();
        for (int vm : vms) {
            Reservation held = trial.view(vm).held();
            vcpus += held.vcpus();
            memoryMib += held.memoryMib();
            hugepagesMib += held.hugepagesMib();
            held.poolMib().forEach((pool, mib) -> poolMib.merge(pool, mib, Long::sum));
        }
        long hugepagesHeld = view.held().hugepagesMib().values().stream()
                .mapToLong(Long::longValue)
                .sum();
        return view.held().cpus() > vcpus
                || view.held().memoryMib() > memoryMib
                || hugepagesHeld > hugepagesMib
                || view.held().poolMib().entrySet().stream()
                        .anyMatch(pool -> pool.getValue() > poolMib.getOrDefault(pool.getKey(), 0L));
    }

    /** VMs of a job as far from each other as possible, so that budgets stop no wave; large ones first. */
    private List<Integer> inOrder(int host) {
        List<Integer> vms = new ArrayList<>(trial.on(hosts.view(host).id()));
        vms.sort(Comparator.comparingLong((Integer vm) -> -trial.view(vm).held().memoryMib())
                .thenComparing(vm -> trial.view(vm).vmId()));
        Map<JobKey, Integer> seen = new HashMap<>();
        Map<Integer, Integer> rounds = new HashMap<>();
        for (int vm : vms) {
            rounds.put(vm, seen.merge(trial.view(vm).job(), 1, Integer::sum));
        }
        vms.sort(Comparator.comparingInt(rounds::get));
        return vms;
    }

    /** Moves the VM that is lifted to the fullest host that it may go to; nowhere if there is none. */
    private Optional<Moved> move(int vm, int mostCost) {
        Ask ask = mover.lifted();
        int looks = 0;
        for (int target : fullestFirst) {
            looks++;
            if (hosts.roomVcpus(target) < ask.demand().vcpus()
                    || hosts.roomMemoryMib(target) < ask.demand().memoryMib()
                    || neighbours.vmsOn(target) == 0
                    || mover.isExhausted()
                    || !mover.mayGoTo(target)) {
                continue;
            }
            int cost = mover.cost(target);
            if (cost <= mostCost) {
                mover.work(looks / ROOM_LOOKS);
                return Optional.of(new Moved(vm, mover.setDown(target), target, cost));
            }
        }
        mover.work(looks / ROOM_LOOKS);
        return Optional.empty();
    }

    private void commit(int host, List<Moved> done) {
        String name = hosts.view(host).name();
        for (int i = 0; i < done.size(); i++) {
            Moved moved = done.get(i);
            took.add(moved.target());
            list.add(
                    moved.position(),
                    moved.instance(),
                    share(done.size(), i),
                    moved.cost(),
                    done.size() == 1 ? "empties " + name : "one of " + done.size() + " moves that empty " + name);
        }
        emptied.add(hosts.view(host).id());
        sortTargets();
    }
}
