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
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** Traces and pools made from others. */
public final class Traces {
    private static final int SMALL_VCPUS = 2;

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

    /** The trace without one of its VMs. */
    public static Trace without(int index, Trace trace) {
        List<TraceVm> left = new ArrayList<>(trace.vms().size());
        for (TraceVm one : trace.vms()) {
            if (one.vm().index() != index) {
                ReplayVm vm = renamed(one.vm(), left.size(), one.vm().name());
                left.add(new TraceVm(vm, one.arrivesMillis(), one.leavesMillis()));
            }
        }
        return new Trace(left, trace.timed(), trace.groups());
    }

    /**
     * Small VMs of the first third of a trace, by index: none of them matters by itself, and the rest of the trace has time
     * to go another way without one. The same arguments give the same ones.
     *
     * @param count how many different ones
     */
    public static List<Integer> smallAndEarly(Trace trace, int count, long seed) {
        List<Integer> small = new ArrayList<>();
        for (TraceVm one : trace.vms().subList(0, trace.vms().size() / 3)) {
            if (one.vm().vcpus() <= SMALL_VCPUS) {
                small.add(one.vm().index());
            }
        }
        if (small.size() < count) {
            throw new IllegalArgumentException(
                    "of " + count + " small VMs there are " + small.size() + " in the first third of the trace");
        }
        Collections.shuffle(small, new Random(seed));
        return List.copyOf(small.subList(0, count));
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
