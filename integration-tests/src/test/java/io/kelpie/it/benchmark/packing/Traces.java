package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceGenerator;
import io.kelpie.controller.replay.TraceVm;
import io.kelpie.controller.replay.input.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Traces and pools made from others. */
public final class Traces {
    private Traces() {}

    /** A trace with the shape of a cloud's. */
    public static Trace cloud(int vms, int days, long seed) throws IOException, BadInputException {
        StringBuilder csv = new StringBuilder();
        new TraceGenerator(vms, days, seed).write(csv);
        return DataFolder.read("cloud-" + seed, csv);
    }

    /**
     * Several copies of a trace without groups at the same time, each so much later than the one before.
     *
     * @param copies 1 or more
     */
    public static Trace overlaid(Trace trace, int copies, long shiftMillis) {
        if (trace.groups() > 0) {
            throw new IllegalArgumentException("copies of a group are not told apart");
        }
        List<TraceVm> all = new ArrayList<>();
        for (int copy = 0; copy < copies; copy++) {
            for (TraceVm one : trace.vms()) {
                long shift = copy * shiftMillis;
                long leaves = one.leavesMillis() == TraceVm.NEVER ? TraceVm.NEVER : one.leavesMillis() + shift;
                all.add(new TraceVm(
                        renamed(one.vm(), 0, one.vm().name() + "-" + copy), one.arrivesMillis() + shift, leaves));
            }
        }
        all.sort(Comparator.comparingLong(TraceVm::arrivesMillis)); // stable: copies in order
        List<TraceVm> numbered = new ArrayList<>(all.size());
        for (int i = 0; i < all.size(); i++) {
            TraceVm one = all.get(i);
            numbered.add(new TraceVm(renamed(one.vm(), i, one.vm().name()), one.arrivesMillis(), one.leavesMillis()));
        }
        return new Trace(numbered, trace.timed(), 0);
    }

    private static ReplayVm renamed(ReplayVm vm, int index, String name) {
        return new ReplayVm(
                index, name, vm.vcpus(), vm.memoryMib(), vm.numaNodes(), vm.strategy(), vm.group(), vm.domain());
    }

    /** The pool without its first host and every so many after it. */
    public static ReplayPool withoutEvery(int nth, ReplayPool pool) {
        List<ReplayHost> left = new ArrayList<>();
        for (int i = 0; i < pool.hosts().size(); i++) {
            if (i % nth != 0) {
                left.add(pool.hosts().get(i));
            }
        }
        return new ReplayPool(left, pool.racks());
    }
}
