package io.kelpie.it.benchmark.packing;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayHost.NumaNode;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Strategy;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoundsTest {
    private static final long GIB = 1024;

    @Test
    void hostsThatTakeOneOfThemEachAreAsManyAsTheVms() {
        HostsBound bound = HostsBound.of(Collections.nCopies(5, vm(0, 3, 3 * GIB)), 4, 8 * GIB);

        assertThat(bound).isEqualTo(new HostsBound(5, true)); // 4 by volume
    }

    @Test
    void theBoundIsAtLeastTheVolume() {
        List<ReplayVm> vms = new ArrayList<>(Collections.nCopies(8, vm(0, 2, 4 * GIB)));
        vms.addAll(Collections.nCopies(8, vm(0, 2, 12 * GIB)));

        // Two of each fill a host of 8 vCPUs and 32 GiB exactly.
        assertThat(HostsBound.of(vms, 8, 32 * GIB)).isEqualTo(new HostsBound(4, true));
    }

    @Test
    void waysToFillAHostAreMixed() {
        List<ReplayVm> vms = new ArrayList<>(Collections.nCopies(6, vm(0, 6, 1 * GIB)));
        vms.addAll(Collections.nCopies(6, vm(0, 4, 1 * GIB)));
        vms.addAll(Collections.nCopies(6, vm(0, 5, 1 * GIB)));

        // 6+4 and 5+5 fill hosts of 10 vCPUs.
        assertThat(HostsBound.of(vms, 10, 64 * GIB).hosts()).isEqualTo(9);
    }

    @Test
    void noMoreArePlacedThanHostsTakeOfThem() {
        ReplayPool pool = pool(2, new NumaNode(5, 100 * GIB), new NumaNode(5, 100 * GIB));
        Trace trace = trace(Strategy.NONE, Collections.nCopies(10, vm(0, 3, GIB)));

        // By volume six would do.
        assertThat(PlacedBound.of(pool, trace).vms()).isEqualTo(4);
    }

    @Test
    void vmsOnTwoNumaNodesTakeOfBoth() {
        ReplayPool pool = pool(1, new NumaNode(8, 100 * GIB), new NumaNode(2, 100 * GIB));
        ReplayVm wide = new ReplayVm(0, "wide", 2, GIB, 2, Strategy.NONE, ReplayVm.NO_GROUP, ReplayVm.NO_DOMAIN);
        Trace trace = trace(Strategy.NONE, Collections.nCopies(10, wide));

        assertThat(PlacedBound.of(pool, trace).vms()).isEqualTo(2);
    }

    @Test
    void ofAGroupNoMoreArePlacedThanOneHostTakes() {
        ReplayPool pool = pool(5, new NumaNode(4, 100 * GIB));
        Trace trace = trace(Strategy.AFFINITY, Collections.nCopies(10, vm(0, 1, GIB)));

        assertThat(PlacedBound.of(pool, trace)).isEqualTo(new PlacedBound(4, 4));
        assertThat(AffinityOffline.of(pool, trace)).isEqualTo(new AffinityOffline(4, 4));
    }

    @Test
    void groupsWithoutAHostEachShareOne() {
        ReplayPool pool = pool(1, new NumaNode(4, 100 * GIB));
        List<TraceVm> vms = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            vms.add(arrival(i, Strategy.AFFINITY, i / 3, vm(0, 1, GIB)));
        }

        assertThat(AffinityOffline.of(pool, new Trace(vms, false, 2))).isEqualTo(new AffinityOffline(4, 6));
    }

    @Test
    void aMixedGroupIsBoundedByVolume() {
        List<ReplayVm> group = List.of(vm(0, 1, GIB), vm(1, 2, GIB), vm(2, 4, GIB));

        assertThat(PlacedBound.mostMembers(group, List.of(new NumaNode(6, 100 * GIB))))
                .isEqualTo(2);
        assertThat(PlacedBound.mostMembers(group, List.of(new NumaNode(7, 100 * GIB))))
                .isEqualTo(3);
    }

    private static ReplayPool pool(int hosts, NumaNode... nodes) {
        List<ReplayHost> all = new ArrayList<>();
        for (int i = 0; i < hosts; i++) {
            all.add(new ReplayHost("host-" + i, 0, List.of(nodes)));
        }
        return new ReplayPool(all, List.of("rack-0"));
    }

    private static Trace trace(Strategy strategy, List<ReplayVm> shapes) {
        List<TraceVm> vms = new ArrayList<>();
        int group = strategy == Strategy.NONE ? ReplayVm.NO_GROUP : 0;
        for (int i = 0; i < shapes.size(); i++) {
            vms.add(arrival(i, strategy, group, shapes.get(i)));
        }
        return new Trace(vms, false, group + 1);
    }

    private static TraceVm arrival(int index, Strategy strategy, int group, ReplayVm shape) {
        ReplayVm vm = new ReplayVm(
                index,
                "vm-" + index,
                shape.vcpus(),
                shape.memoryMib(),
                shape.numaNodes(),
                strategy,
                group,
                ReplayVm.NO_DOMAIN);
        return new TraceVm(vm, 0, TraceVm.NEVER);
    }

    private static ReplayVm vm(int index, int vcpus, long memoryMib) {
        return new ReplayVm(index, "vm", vcpus, memoryMib, 1, Strategy.NONE, ReplayVm.NO_GROUP, ReplayVm.NO_DOMAIN);
    }
}
