package io.kelpie.agent.server;

import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What the configuration says that this host has, instead of what the machine has: for several agents on one machine,
 * and for rehearsals. Nothing is kept back of it, and no NUMA node and no hugepage of the machine counts beside it.
 *
 * @param cpus logical CPUs; empty: the machine's, less the reserved
 * @param memoryMib memory for VMs in ordinary pages, in MiB; empty: the machine's, less hugepages and the reserved
 * @param numaNodes NUMA nodes; if there are any, the CPUs, the memory and the hugepages are theirs together
 * @param hugepages hugepages by size
 * @param cpuModels CPU models of a rehearsal; empty: as measured
 * @param cachedImages digests of a rehearsal's images; empty: those of the image cache
 */
record StatedCapacity(
        OptionalLong cpus,
        OptionalLong memoryMib,
        List<Node> numaNodes,
        Map<HugepageSize, Long> hugepages,
        Optional<List<String>> cpuModels,
        Optional<List<String>> cachedImages) {
    private static final int NODES_MAX = 64;
    private static final int NODE_ID_MAX = 1023;
    private static final int MODELS_MAX = 1000;
    private static final long HUGEPAGES_MAX = 1L << 32;
    private static final Pattern MODEL = Pattern.compile("[A-Za-z0-9][-A-Za-z0-9._]{0,62}");
    private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

    /**
     * A NUMA node.
     *
     * @param id its number
     * @param cpus logical CPUs
     * @param memoryMib memory for VMs in ordinary pages, in MiB
     * @param hugepages hugepages by size
     */
    record Node(int id, int cpus, long memoryMib, Map<HugepageSize, Long> hugepages) {
        Node {
            hugepages = Collections.unmodifiableMap(hugepages);
        }
    }

    StatedCapacity {
        numaNodes = List.copyOf(numaNodes);
        hugepages = Collections.unmodifiableMap(hugepages);
        cpuModels = cpuModels.map(List::copyOf);
        cachedImages = cachedImages.map(List::copyOf);
    }

    /**
     * Reads {@code capacity}.
     *
     * @param rehearsal whether this host takes rehearsed VMs: what real VMs need is measured, not stated
     */
    static StatedCapacity parse(YamlMap map, boolean rehearsal) {
        List<Node> nodes = nodes(map);
        for (String sum : List.of("cpus", "memory", "hugepages")) {
            if (!nodes.isEmpty() && map.has(sum)) {
                throw map.invalid(sum, "numaNodes say it for each NUMA node", "leave it out");
            }
        }
        StatedCapacity capacity = new StatedCapacity(
                map.has("cpus")
                        ? OptionalLong.of(map.integer("cpus", 1, 1, AgentConfig.CPUS_MAX))
                        : OptionalLong.empty(),
                map.has("memory") ? OptionalLong.of(AgentConfig.size(map, "memory", 1)) : OptionalLong.empty(),
                nodes,
                hugepages(map),
                rehearsed(map, "cpuModels", MODEL, "a CPU model, e.g. EPYC-v4", MODELS_MAX, rehearsal),
                rehearsed(map, "cachedImages", DIGEST, "64 digits 0-9 and a-f", HostState.IMAGES_MAX, rehearsal));
        map.rejectUnknown();
        return capacity;
    }

    private static List<Node> nodes(YamlMap map) {
        List<Node> nodes = new ArrayList<>();
        Set<Integer> ids = new HashSet<>();
        for (YamlMap node : map.maps("numaNodes")) {
            node.requiredString("cpus");
            node.requiredString("memory");
            Node parsed = new Node(
                    (int) node.integer("id", nodes.size(), 0, NODE_ID_MAX),
                    (int) node.integer("cpus", 0, 0, AgentConfig.CPUS_MAX),
                    AgentConfig.size(node, "memory", 1),
                    hugepages(node));
            node.rejectUnknown();
            if (!ids.add(parsed.id())) {
                throw node.invalid("id", "NUMA node " + parsed.id() + " stands twice", "give each an id of its own");
            }
            nodes.add(parsed);
        }
        if (nodes.size() > NODES_MAX) {
            throw map.invalid("numaNodes", nodes.size() + " are too many", "give at most " + NODES_MAX);
        }
        return nodes;
    }

    private static Map<HugepageSize, Long> hugepages(YamlMap map) {
        Map<HugepageSize, Long> counts = new EnumMap<>(HugepageSize.class);
        YamlMap hugepages = map.optionalMap("hugepages");
        if (hugepages != null) {
            for (HugepageSize size : HugepageSize.values()) {
                long count = hugepages.integer(word(size), 0, 0, HUGEPAGES_MAX);
                if (count > 0) {
                    counts.put(size, count);
                }
            }
            hugepages.rejectUnknown();
        }
        return counts;
    }

    private static String word(HugepageSize size) {
        return switch (size) {
            case TWO_MIB -> "2Mi";
            case ONE_GIB -> "1Gi";
        };
    }

    private static Optional<List<String>> rehearsed(
            YamlMap map, String key, Pattern form, String rule, int max, boolean rehearsal) {
        if (!map.has(key)) {
            return Optional.empty();
        }
        Set<String> values = new TreeSet<>(map.strings(key));
        if (!rehearsal) {
            throw map.invalid(
                    key, "is measured on a host of real VMs", "leave it out; it is for hosts with driver fake");
        }
        if (values.size() > max) {
            throw map.invalid(key, values.size() + " are too many", "give at most " + max);
        }
        for (String value : values) {
            if (!form.matcher(value).matches()) {
                throw map.invalid(key, QuotedText.of(value) + " is not accepted", "give " + rule);
            }
        }
        return Optional.of(List.copyOf(values));
    }
}
