package io.kelpie.it.benchmark.packing;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayRun;
import io.kelpie.controller.replay.ReplayVm;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.TraceVm;
import io.kelpie.controller.replay.input.UniformPool;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The first VM that an engine rejects, and what is free then on all hosts together.
 *
 * @param hosts of the pool
 */
record FirstRejection(int hosts, UniformPool kind, ReplayVm vm, long freeVcpus, long freeMemoryMib) {
    private static final long MIB_PER_GIB = 1024;

    /** Empty if the engine rejects none on so many hosts, or if there are none. */
    static Optional<FirstRejection> of(Engine engine, Trace trace, UniformPool kind, int hosts) {
        if (hosts == 0) {
            return Optional.empty();
        }
        ReplayOutcome outcome =
                ReplayRun.untilRejected(kind.of(hosts), trace, engine.rules(), engine.factory(), TimeSource.system());
        return outcome.firstRejected().map(vm -> before(vm, trace, kind, hosts));
    }

    private static FirstRejection before(ReplayVm vm, Trace trace, UniformPool kind, int hosts) {
        long now = trace.vms().get(vm.index()).arrivesMillis();
        long vcpus = (long) hosts * kind.vcpus();
        long memoryMib = hosts * kind.memoryMib();
        for (TraceVm one : trace.vms().subList(0, vm.index())) {
            if (one.leavesMillis() > now) {
                vcpus -= one.vm().vcpus();
                memoryMib -= one.vm().memoryMib();
            }
        }
        return new FirstRejection(hosts, kind, vm, vcpus, memoryMib);
    }

    String line(Engine engine) {
        return String.format(
                Locale.ROOT,
                "  %-12s in a pool of %d rejects %s (%d vCPUs, %d GiB) while %d vCPUs (%.0f %%) and %d GiB (%.0f %%) are free",
                engine.key(),
                hosts,
                vm.name(),
                vm.vcpus(),
                vm.memoryMib() / MIB_PER_GIB,
                freeVcpus,
                100.0 * freeVcpus / ((long) hosts * kind.vcpus()),
                freeMemoryMib / MIB_PER_GIB,
                100.0 * freeMemoryMib / (hosts * kind.memoryMib()));
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("hosts", hosts);
        json.put("vm", vm.name());
        json.put("vcpus", vm.vcpus());
        json.put("memoryGib", vm.memoryMib() / MIB_PER_GIB);
        json.put("freeVcpus", freeVcpus);
        json.put("freeMemoryGib", freeMemoryMib / MIB_PER_GIB);
        return json;
    }
}
