package io.kelpie.agent.server;

import io.kelpie.agent.capability.HostTopology;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.proto.v1.DeviceCount;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.NumaNode;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** What a host offers to VMs: what the machine has less what is kept back, or what the configuration says. Pure. */
final class Offer {
    private Offer() {}

    /**
     * The offer.
     *
     * @param topology of the machine
     * @param devices those that are there
     */
    static HostCapacity of(
            AgentConfig config, MeasuredHost machine, HostTopology topology, SortedMap<String, DeviceKind> devices) {
        HostCapacity.Builder offer = config.capacity()
                .map(stated -> stated(stated, config.reserved(), machine, topology))
                .orElseGet(() -> measured(config.reserved(), machine, topology));
        devices.forEach((kind, found) -> offer.addDevices(
                DeviceCount.newBuilder().setKind(kind).setCount(found.count()).addAllAddresses(found.addresses())));
        return offer.build();
    }

    private static HostCapacity.Builder stated(
            StatedCapacity stated, Reserved reserved, MeasuredHost machine, HostTopology topology) {
        if (!stated.numaNodes().isEmpty()) {
            return sum(stated.numaNodes());
        }
        return HostCapacity.newBuilder()
                .setCpus((int) stated.cpus().orElse(cpus(reserved, machine)))
                .setMemoryMib(stated.memoryMib().orElse(memoryMib(reserved, machine, topology)))
                .addAllHugepages(hugepages(stated.hugepages()));
    }

    private static HostCapacity.Builder measured(Reserved reserved, MeasuredHost machine, HostTopology topology) {
        List<StatedCapacity.Node> nodes = nodes(reserved, topology);
        return nodes.isEmpty()
                ? HostCapacity.newBuilder()
                        .setCpus(cpus(reserved, machine))
                        .setMemoryMib(memoryMib(reserved, machine, topology))
                        .addAllHugepages(hugepages(topology.hugepages()))
                : sum(nodes);
    }

    private static int cpus(Reserved reserved, MeasuredHost machine) {
        return Math.max(0, machine.cpus() - reserved.cpus());
    }

    private static long memoryMib(Reserved reserved, MeasuredHost machine, HostTopology topology) {
        return Math.max(0, machine.memoryMib() - topology.hugepagesMib() - reserved.memoryMib());
    }

    /** The machine's NUMA nodes, less a share of what is kept back each; empty if they do not say what they have. */
    private static List<StatedCapacity.Node> nodes(Reserved reserved, HostTopology topology) {
        List<HostTopology.Node> found = topology.nodes();
        boolean known = found.stream().anyMatch(node -> node.cpus() > 0)
                && found.stream().anyMatch(node -> node.memoryMib() > 0);
        if (!known) {
            return List.of();
        }
        long[] cpus = found.stream().mapToLong(HostTopology.Node::cpus).toArray();
        long[] memory = found.stream()
                .mapToLong(node -> Math.max(0, node.memoryMib() - node.hugepagesMib()))
                .toArray();
        long[] cpusKept = shares(reserved.cpus(), cpus);
        long[] memoryKept = shares(reserved.memoryMib(), memory);
        List<StatedCapacity.Node> nodes = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            nodes.add(new StatedCapacity.Node(
                    found.get(i).id(),
                    (int) (cpus[i] - cpusKept[i]),
                    memory[i] - memoryKept[i],
                    found.get(i).hugepages()));
        }
        return nodes;
    }

    /** Divides an amount in proportion to sizes, none of which is exceeded; what is left over goes to the first. */
    private static long[] shares(long amount, long[] sizes) {
        long total = 0;
        for (long size : sizes) {
            total += size;
        }
        long[] shares = new long[sizes.length];
        if (total == 0) {
            return shares;
        }
        long divided = Math.min(amount, total);
        long rest = divided;
        for (int i = 0; i < sizes.length; i++) {
            shares[i] = divided * sizes[i] / total; // CPUs, or MiB: far from overflow
            rest -= shares[i];
        }
        for (int i = 0; i < sizes.length && rest > 0; i++) {
            long more = Math.min(rest, sizes[i] - shares[i]);
            shares[i] += more;
            rest -= more;
        }
        return shares;
    }

    private static HostCapacity.Builder sum(List<StatedCapacity.Node> nodes) {
        HostCapacity.Builder offer = HostCapacity.newBuilder();
        int cpus = 0;
        long memoryMib = 0;
        Map<HugepageSize, Long> hugepages = new EnumMap<>(HugepageSize.class);
        for (StatedCapacity.Node node : nodes) {
            cpus += node.cpus();
            memoryMib += node.memoryMib();
            node.hugepages().forEach((size, count) -> hugepages.merge(size, count, Long::sum));
            offer.addNumaNodes(NumaNode.newBuilder()
                    .setId(node.id())
                    .setCpus(node.cpus())
                    .setMemoryMib(node.memoryMib())
                    .addAllHugepages(hugepages(node.hugepages())));
        }
        return offer.setCpus(cpus).setMemoryMib(memoryMib).addAllHugepages(hugepages(hugepages));
    }

    private static List<HugepageCount> hugepages(Map<HugepageSize, Long> counts) {
        List<HugepageCount> all = new ArrayList<>();
        for (HugepageSize size : HugepageSize.values()) {
            long count = counts.getOrDefault(size, 0L);
            if (count > 0) {
                all.add(HugepageCount.newBuilder()
                        .setSize(
                                switch (size) {
                                    case TWO_MIB -> Hugepages.HUGEPAGES_2MI;
                                    case ONE_GIB -> Hugepages.HUGEPAGES_1GI;
                                })
                        .setCount(count)
                        .build());
            }
        }
        return all;
    }
}
