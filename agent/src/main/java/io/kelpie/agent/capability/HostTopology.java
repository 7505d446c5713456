package io.kelpie.agent.capability;

import io.kelpie.agent.driver.HugepageSize;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Where the machine's CPUs and memory are, and what of the memory is set aside as hugepages.
 *
 * @param nodes NUMA nodes, by id; empty if the kernel shows none
 * @param hugepages hugepages of the machine by size, those of all NUMA nodes together; sizes without any are left out
 * @param hugepagesMib memory that all hugepages of any size take, in MiB
 */
public record HostTopology(List<Node> nodes, Map<HugepageSize, Long> hugepages, long hugepagesMib) {
    /** Nothing is known of the machine, or nothing of it counts. */
    public static final HostTopology UNKNOWN = new HostTopology(List.of(), Map.of(), 0);

    public HostTopology {
        nodes = List.copyOf(nodes);
        hugepages = ordered(hugepages);
    }

    /**
     * A NUMA node.
     *
     * @param id its number
     * @param cpus logical CPUs that are online
     * @param memoryMib its memory, hugepages included, in MiB
     * @param hugepages its hugepages by size; sizes without any are left out
     * @param hugepagesMib memory that its hugepages of any size take, in MiB
     */
    public record Node(int id, int cpus, long memoryMib, Map<HugepageSize, Long> hugepages, long hugepagesMib) {
        public Node {
            hugepages = ordered(hugepages);
        }
    }

    private static Map<HugepageSize, Long> ordered(Map<HugepageSize, Long> counts) {
        Map<HugepageSize, Long> copy = new EnumMap<>(HugepageSize.class);
        copy.putAll(counts);
        copy.values().removeIf(count -> count == 0);
        return Collections.unmodifiableMap(copy);
    }
}
