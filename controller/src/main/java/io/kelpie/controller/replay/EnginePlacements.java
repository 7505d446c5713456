package io.kelpie.controller.replay;

import io.kelpie.controller.model.AccelerationMode;
import io.kelpie.controller.model.AffinityRule;
import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.PagingRequirement;
import io.kelpie.controller.model.PartitionRule;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.SpreadRule;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.RuleOutcome;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/** The engine of the controller, with the rules of a replay said in its own words. Used by one thread. */
public final class EnginePlacements implements Placements {
    private static final String RACK = "rack";
    private static final String NAMESPACE = "replay";

    private final ReplayRules rules;
    private final Inventory inventory;
    private final Search search;
    private final Map<Integer, Integer> instances = new HashMap<>();

    public EnginePlacements(ReplayPool pool, ReplayRules rules) {
        this.rules = rules;
        SchedulingPolicy policy = SchedulingPolicy.DEFAULT
                .withOvercommit(100)
                .withPacking(
                        switch (rules.policy()) {
                            case PACK -> SchedulingPolicy.Packing.PACK;
                            case SPREAD -> SchedulingPolicy.Packing.SPREAD;
                        })
                .withoutStartsInFlight();
        inventory = new Inventory(policy, rules.seed(), this::size);
        for (ReplayHost host : pool.hosts()) {
            inventory.put(view(host, pool));
        }
        search = new Search(inventory);
    }

    @Override
    public Placement place(ReplayVm vm) {
        Ask ask = inventory.ask(request(vm));
        int host = search.best(ask);
        if (host == HostTable.UNKNOWN) {
            return new Placement.Rejected(mainRule(ask));
        }
        int instance = inventory.place(ask, host);
        instances.put(vm.index(), instance);
        return new Placement.Placed(host, inventory.numaMask(instance));
    }

    /** The rule that removes most hosts; of several that remove as many, the one that is asked first. */
    private String mainRule(Ask ask) {
        return Scheduler.outcomes(inventory.hosts(), ask).stream()
                .max(Comparator.comparingInt(RuleOutcome::hostsRemoved))
                .orElseThrow()
                .rule();
    }

    @Override
    public void remove(ReplayVm vm) {
        Integer instance = instances.remove(vm.index());
        if (instance == null) {
            throw new IllegalArgumentException(vm.name() + " is not placed");
        }
        inventory.release(instance);
    }

    private Reservation size(VmShape shape) {
        Reservation withQemu = Reservation.of(shape);
        return switch (rules.overhead()) {
            case QEMU -> withQemu;
            case NONE ->
                new Reservation(
                        shape.vcpus(),
                        shape.guestMemoryMib(),
                        Optional.empty(),
                        0,
                        withQemu.poolMib(),
                        withQemu.devices(),
                        List.of());
        };
    }

    private static HostView view(ReplayHost host, ReplayPool pool) {
        SortedMap<String, String> labels = new TreeMap<>();
        labels.put(RACK, pool.racks().get(host.rack()));
        HostTraits traits = new HostTraits(
                labels, true, false, false, List.of(), true, PagingMode.EPT, Set.of(), Set.of(DriverKind.QEMU));
        List<NumaNode> nodes = host.numaNodes().stream()
                .map(node -> new NumaNode(node.vcpus(), node.memoryMib()))
                .toList();
        HostSize size = new HostSize(
                Math.toIntExact(host.vcpus()), host.memoryMib(), Map.of(), new TreeMap<>(), new TreeMap<>(), nodes);
        return new HostView(host.name(), host.name(), traits, size, HostSize.NOTHING, 0, Set.of());
    }

    private static PlacementRequest request(ReplayVm vm) {
        VmShape shape = new VmShape(
                vm.vcpus(),
                vm.memoryMib(),
                Optional.empty(),
                vm.numaNodes(),
                new TreeMap<>(),
                new TreeMap<>(),
                false,
                AccelerationMode.ANY,
                PagingRequirement.ANY,
                Optional.empty(),
                Optional.empty(),
                Set.of());
        String job = vm.group() == ReplayVm.NO_GROUP ? vm.name() : "group-" + vm.group();
        return PlacementRequest.of(
                new UUID(0, vm.index()),
                new JobKey(NAMESPACE, job),
                Math.max(0, vm.domain()),
                0,
                50,
                shape,
                rules(vm, new JobKey(NAMESPACE, job)));
    }

    private static PlacementRules rules(ReplayVm vm, JobKey group) {
        List<AffinityRule> self = List.of(new AffinityRule(group, SpreadRule.HOST, true));
        return switch (vm.strategy()) {
            case NONE -> PlacementRules.NONE;
            case AFFINITY -> only(self, List.of(), Optional.empty());
            case ANTI_AFFINITY -> only(List.of(), self, Optional.empty());
            case FAULT_DOMAIN -> only(List.of(), List.of(), Optional.of(new PartitionRule(Integer.MAX_VALUE, RACK)));
        };
    }

    private static PlacementRules only(
            List<AffinityRule> affinity, List<AffinityRule> antiAffinity, Optional<PartitionRule> partitions) {
        return new PlacementRules(List.of(), List.of(), List.of(), affinity, antiAffinity, partitions, List.of());
    }
}
