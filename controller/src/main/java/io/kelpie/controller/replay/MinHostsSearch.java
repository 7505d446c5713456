package io.kelpie.controller.replay;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.input.UniformPool;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Finds the fewest hosts of a kind for a trace, by replaying it on pools of many sizes. Used by one thread. */
final class MinHostsSearch {
    private static final int MOST_HOSTS = 1_000_000;

    private final UniformPool kind;
    private final Trace trace;
    private final ReplayRules rules;
    private final Placements.Factory engines;
    private final TimeSource clock;
    /** What the replay that failed last was asked first that it could not do. */
    private final List<String> lastRejected = new ArrayList<>();

    MinHostsSearch(UniformPool kind, Trace trace, ReplayRules rules, Placements.Factory engines, TimeSource clock) {
        this.kind = kind;
        this.trace = trace;
        this.rules = rules;
        this.engines = engines;
        this.clock = clock;
    }

    MinHosts find() throws ReplayFailedException {
        for (TraceVm arrival : trace.vms()) {
            refuseIfTooLarge(arrival.vm());
        }
        VolumeBound bound = VolumeBound.of(trace, rules.overhead());
        long atLeast = bound.hosts(kind.vcpus(), kind.memoryMib());
        if (atLeast > MOST_HOSTS) {
            throw ReplayFailedException.failed(
                    "the trace needs " + atLeast + " hosts at least; " + MOST_HOSTS + " are the most that are tried",
                    "give --uniform a larger kind of host");
        }
        // With so many hosts each VM finds an empty one, and one in a rack of its own if fault domains are asked for.
        boolean racks = trace.vms().stream().anyMatch(vm -> vm.vm().strategy() == Strategy.FAULT_DOMAIN);
        long enough = Math.max(atLeast, (long) bound.vms() * (racks ? kind.hostsPerRack() : 1));
        MinHosts found = MinHosts.find((int) atLeast, (int) Math.min(MOST_HOSTS, enough), this::does);
        if (found.hosts().isEmpty()) {
            throw ReplayFailedException.failed(
                    "no number of hosts will do: of " + found.checkedDownTo() + " too, none takes "
                            + String.join(", ", lastRejected),
                    "give --uniform a larger kind of host, or change that VM");
        }
        return found;
    }

    private boolean does(int hosts) {
        ReplayOutcome outcome = ReplayRun.untilRejected(kind.of(hosts), trace, rules, engines, clock);
        if (outcome.firstRejected().isPresent()) {
            lastRejected.clear();
            lastRejected.add(outcome.firstRejected().get().name() + " (rule "
                    + outcome.rejected().keySet().stream().collect(Collectors.joining(", ")) + ")");
        }
        return outcome.rejections() == 0;
    }

    private void refuseIfTooLarge(ReplayVm vm) throws ReplayFailedException {
        int numaNodes = Math.max(1, vm.numaNodes());
        if (numaNodes > kind.numaNodes()) {
            throw ReplayFailedException.failed(
                    "no number of hosts will do: " + vm.name() + " wants " + numaNodes
                            + " NUMA nodes and a host has one",
                    "write --uniform " + kind.vcpus() + "x" + kind.memoryGib() + "x2");
        }
        int parts = vm.numaNodes() == 0 ? 1 : kind.numaNodes();
        long memoryMib = ceiling(rules.overhead().footprintMib(vm), numaNodes);
        String room = parts == 1 ? "a host has " : "a NUMA node has ";
        String each = numaNodes == 1 ? "" : " on each NUMA node";
        if (vm.vcpus() / numaNodes > kind.vcpus() / parts) {
            throw tooLarge(vm.name() + " wants " + vm.vcpus() / numaNodes + " vCPUs" + each + " and " + room
                    + kind.vcpus() / parts);
        }
        if (memoryMib > kind.memoryMib() / parts) {
            throw tooLarge(
                    vm.name() + " wants " + memoryMib + " MiB" + each + " and " + room + kind.memoryMib() / parts);
        }
    }

    private static ReplayFailedException tooLarge(String problem) {
        return ReplayFailedException.failed(
                "no number of hosts will do: " + problem, "give --uniform a larger kind of host");
    }

    private static long ceiling(long amount, int parts) {
        return (amount + parts - 1) / parts;
    }
}
