package io.kelpie.controller.replay;

import io.kelpie.common.time.TimeSource;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Drives an engine through a trace: VMs arrive in order; before each arrival those leave whose time has come by then. The
 * replay ends with the last arrival. Keeps the score by what the engine answers, not by asking its books. Used by one
 * thread, once.
 */
public final class ReplayRun {
    private final ReplayPool pool;
    private final ReplayRules rules;
    private final Placements engine;
    private final TimeSource clock;

    private final PriorityQueue<TraceVm> leaving = new PriorityQueue<>(Comparator.comparingLong(TraceVm::leavesMillis)
            .thenComparingInt(vm -> vm.vm().index()));
    private final int[] hostOf;
    private final int[] vmsOn;
    private final boolean[] everUsed;
    private final Map<String, Integer> rejected = new TreeMap<>();
    private final UsageSeries series = new UsageSeries();
    private final DecisionTimes times = new DecisionTimes();
    private final ReplayLog log = new ReplayLog();
    private @Nullable ReplayVm firstRejected;
    private int placed;
    private int vms;
    private long vcpus;
    private long memoryMib;
    private int hosts;
    private int hostsUsed;
    private int peakHosts;

    private ReplayRun(ReplayPool pool, Trace trace, ReplayRules rules, Placements engine, TimeSource clock) {
        this.pool = pool;
        this.rules = rules;
        this.engine = engine;
        this.clock = clock;
        hostOf = new int[trace.vms().size()];
        vmsOn = new int[pool.hosts().size()];
        everUsed = new boolean[pool.hosts().size()];
    }

    /** Replays a whole trace. */
    public static ReplayOutcome whole(
            ReplayPool pool, Trace trace, ReplayRules rules, Placements.Factory engines, TimeSource clock) {
        return run(pool, trace, rules, engines, clock, Integer.MAX_VALUE);
    }

    /** Replays until the first VM is rejected, or the whole trace if none is. */
    public static ReplayOutcome untilRejected(
            ReplayPool pool, Trace trace, ReplayRules rules, Placements.Factory engines, TimeSource clock) {
        return run(pool, trace, rules, engines, clock, 1);
    }

    private static ReplayOutcome run(
            ReplayPool pool,
            Trace trace,
            ReplayRules rules,
            Placements.Factory engines,
            TimeSource clock,
            int maxRejections) {
        ReplayRun run = new ReplayRun(pool, trace, rules, engines.open(pool, rules), clock);
        int rejections = 0;
        for (TraceVm vm : trace.vms()) {
            run.removeUntil(vm.arrivesMillis());
            if (!run.place(vm) && ++rejections == maxRejections) {
                break;
            }
            run.note(vm);
        }
        return new ReplayOutcome(
                run.placed,
                run.rejected,
                Optional.ofNullable(run.firstRejected),
                run.hostsUsed,
                run.peakHosts,
                run.series,
                run.times,
                run.log);
    }

    private void removeUntil(long nowMillis) {
        TraceVm next = leaving.peek();
        while (next != null && next.leavesMillis() <= nowMillis) {
            leaving.remove();
            long begin = clock.nanoTime();
            engine.remove(next.vm());
            times.removing(clock.nanoTime() - begin);
            log.removed(next.vm().index());
            vms--;
            vcpus -= next.vm().vcpus();
            memoryMib -= rules.overhead().footprintMib(next.vm());
            if (--vmsOn[hostOf[next.vm().index()]] == 0) {
                hosts--;
            }
            next = leaving.peek();
        }
    }

    private boolean place(TraceVm arrival) {
        ReplayVm vm = arrival.vm();
        long begin = clock.nanoTime();
        Placement placement = engine.place(vm);
        times.placing(clock.nanoTime() - begin);
        if (placement instanceof Placement.Placed seat) {
            take(arrival, seat);
            return true;
        }
        if (placement instanceof Placement.Rejected no) {
            rejected.merge(no.rule(), 1, Integer::sum);
            if (firstRejected == null) {
                firstRejected = vm;
            }
        }
        return false;
    }

    private void take(TraceVm arrival, Placement.Placed seat) {
        ReplayVm vm = arrival.vm();
        if (seat.host() < 0 || seat.host() >= pool.hosts().size()) {
            throw new IllegalStateException("the engine placed " + vm.name() + " on host " + seat.host() + " of "
                    + pool.hosts().size());
        }
        log.placed(vm.index(), seat.host(), seat.numaNodes());
        placed++;
        vms++;
        vcpus += vm.vcpus();
        memoryMib += rules.overhead().footprintMib(vm);
        hostOf[vm.index()] = seat.host();
        if (vmsOn[seat.host()]++ == 0) {
            hosts++;
            peakHosts = Math.max(peakHosts, hosts);
        }
        if (!everUsed[seat.host()]) {
            everUsed[seat.host()] = true;
            hostsUsed++;
        }
        if (arrival.leavesMillis() != TraceVm.NEVER) {
            leaving.add(arrival);
        }
    }

    private void note(TraceVm arrival) {
        series.add(new Usage(arrival.vm().index() + 1, arrival.arrivesMillis(), vms, vcpus, memoryMib, hosts));
    }
}
