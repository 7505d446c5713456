package io.kelpie.controller.replay.input;

import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayHost.NumaNode;
import io.kelpie.controller.replay.ReplayPool;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Reads a pool of hosts: {@code host,rack,numa0_vcpus,numa0_memory_gib[,numa1_vcpus,numa1_memory_gib]}, what VMs may have
 * of each NUMA node. A NUMA node may be full, a whole host may not. With both cells of NUMA node 1 empty, a host has one.
 */
public final class HostFile {
    static final int MAX_VCPUS = 65_536;
    static final int MAX_MEMORY_GIB = 1_048_576;

    private static final CsvColumns COLUMNS = new CsvColumns(
            List.of("host", "rack", "numa0_vcpus", "numa0_memory_gib"),
            List.of(List.of("numa1_vcpus", "numa1_memory_gib")));

    private HostFile() {}

    /**
     * @param file its name, for messages
     * @throws BadInputException with the first faults of the file
     */
    public static ReplayPool read(String file, InputStream in) throws IOException, BadInputException {
        HostRows rows = new HostRows();
        new CsvFile(file, in, COLUMNS).read(rows);
        return new ReplayPool(rows.hosts, List.copyOf(rows.racks.keySet()));
    }

    private static final class HostRows implements CsvFile.Rows {
        private final List<ReplayHost> hosts = new ArrayList<>();
        private final Map<String, Integer> racks = new LinkedHashMap<>();
        private final Map<String, Long> lines = new HashMap<>();
        private boolean twoNumaNodes;

        @Override
        public void header(CsvRow row) {
            twoNumaNodes = row.has("numa1_vcpus");
        }

        @Override
        public void row(CsvRow row) {
            Optional<String> name = row.name("host");
            Optional<String> rack = row.name("rack");
            List<NumaNode> numaNodes = new ArrayList<>(2);
            numaNode(row, "numa0_vcpus", "numa0_memory_gib").ifPresent(numaNodes::add);
            if (twoNumaNodes && !(row.isEmpty("numa1_vcpus") && row.isEmpty("numa1_memory_gib"))) {
                numaNode(row, "numa1_vcpus", "numa1_memory_gib").ifPresent(numaNodes::add);
            }
            if (name.isPresent()) {
                Long first = lines.putIfAbsent(name.get(), row.line());
                if (first != null) {
                    row.problem("host", QuotedText.of(name.get()) + " is on line " + first + " too", "rename one");
                }
            }
            if (name.isEmpty() || rack.isEmpty() || numaNodes.isEmpty()) {
                return; // told
            }
            ReplayHost host =
                    new ReplayHost(name.get(), racks.computeIfAbsent(rack.get(), unused -> racks.size()), numaNodes);
            if (host.vcpus() == 0) {
                row.problem("numa0_vcpus", "the host has no vCPU: zero on each NUMA node", "remove the row");
            } else if (host.memoryMib() == 0) {
                row.problem("numa0_memory_gib", "the host has no memory: zero on each NUMA node", "remove the row");
            }
            hosts.add(host);
        }

        private static Optional<NumaNode> numaNode(CsvRow row, String vcpusColumn, String memoryColumn) {
            OptionalInt vcpus = row.wholeNumber(vcpusColumn, 0, MAX_VCPUS);
            OptionalLong memoryMib = row.memoryMib(memoryColumn, 0, MAX_MEMORY_GIB);
            return vcpus.isPresent() && memoryMib.isPresent()
                    ? Optional.of(new NumaNode(vcpus.getAsInt(), memoryMib.getAsLong()))
                    : Optional.empty();
        }
    }
}
