package io.kelpie.controller.replay;

import io.kelpie.controller.replay.ReplayHost.NumaNode;
import io.kelpie.controller.replay.ReplayRules.Overhead;
import io.kelpie.controller.replay.ReplayRules.Policy;
import io.kelpie.controller.replay.input.VmFile;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Pools and traces that read as sentences. */
public final class Traces {
    public static final ReplayRules PACK = new ReplayRules(Policy.PACK, Overhead.NONE, 1);

    private Traces() {}

    /** A trace as a file would give it. */
    public static Trace trace(String header, String... rows) {
        String file = header + "\n" + String.join("\n", rows) + "\n";
        try {
            return VmFile.read("vms.csv", new ByteArrayInputStream(file.getBytes(StandardCharsets.UTF_8)));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    public static Trace plain(String... rows) {
        return trace("vm,vcpus,memory_gib", rows);
    }

    public static Trace grouped(String... rows) {
        return trace("vm,vcpus,memory_gib,numa_nodes,strategy,group,domain", rows);
    }

    public static Trace timed(String... rows) {
        return trace("vm,vcpus,memory_gib,arrive_s,lifetime_s", rows);
    }

    /** Hosts of two NUMA nodes of 8 vCPUs and 16 GiB each, in these racks. */
    public static ReplayPool hostsInRacks(int... racks) {
        NumaNode node = new NumaNode(8, 16 * 1024);
        List<ReplayHost> hosts = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int rack : racks) {
            while (names.size() <= rack) {
                names.add("r" + names.size());
            }
            hosts.add(new ReplayHost("h" + hosts.size(), rack, List.of(node, node)));
        }
        return new ReplayPool(hosts, names);
    }

    /** Hosts of one NUMA node of so many vCPUs, and 2 GiB for each, all in one rack. */
    public static ReplayPool hostsOf(int... vcpus) {
        List<ReplayHost> hosts = new ArrayList<>();
        for (int each : vcpus) {
            hosts.add(new ReplayHost("h" + hosts.size(), 0, List.of(new NumaNode(each, each * 2048L))));
        }
        return new ReplayPool(hosts, List.of("r0"));
    }

    /** 200 small VMs of all strategies, in 5 groups each, that come and go: too many for a few hosts. */
    public static Trace generated(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String[] memberships = {"none,,", "affinity,g%d,", "anti-affinity,g%d,", "fault_domain,g%d,%d"};
        List<String> rows = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int numaNodes = random.nextInt(1, 3);
            int vcpus = random.nextInt(1, 4) * numaNodes;
            String membership =
                    memberships[random.nextInt(memberships.length)].formatted(random.nextInt(5), random.nextInt(3));
            rows.add("vm-%d,%d,%d,%d,%s,%d,%d"
                    .formatted(i, vcpus, 2 * vcpus, numaNodes, membership, i, random.nextInt(1, 100)));
        }
        return trace(
                "vm,vcpus,memory_gib,numa_nodes,strategy,group,domain,arrive_s,lifetime_s",
                rows.toArray(String[]::new));
    }
}
