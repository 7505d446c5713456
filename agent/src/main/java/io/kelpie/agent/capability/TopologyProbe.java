package io.kelpie.agent.capability;

import io.kelpie.agent.driver.HugepageSize;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads NUMA nodes, hugepages and PCI devices from the kernel's files, in a few milliseconds: they can change while the
 * machine is up. What cannot be read counts as not there. Blocking; safe to use from several threads.
 */
public final class TopologyProbe {
    private static final String NODES = "sys/devices/system/node";
    private static final String HUGEPAGES = "sys/kernel/mm/hugepages";
    private static final String PCI_DEVICES = "sys/bus/pci/devices/";

    private static final Pattern NODE = Pattern.compile("node([0-9]{1,5})");
    private static final Pattern NODE_MEMORY = Pattern.compile("(?m)^Node [0-9]+ MemTotal: +([0-9]{1,15}) kB$");
    private static final Pattern PAGE_SIZE = Pattern.compile("hugepages-([0-9]{1,12})kB");
    private static final Pattern RANGE = Pattern.compile("([0-9]{1,6})(?:-([0-9]{1,6}))?");
    private static final Pattern COUNT = Pattern.compile("[0-9]{1,15}");

    private final HostFiles files;

    TopologyProbe(Path root) {
        this.files = new HostFiles(root);
    }

    /** A probe of this machine. */
    public static TopologyProbe ofThisMachine() {
        return new TopologyProbe(Path.of("/"));
    }

    /** What the kernel shows now. */
    public HostTopology read() {
        List<HostTopology.Node> nodes = new ArrayList<>();
        for (String name : files.names(NODES)) {
            Matcher matcher = NODE.matcher(name);
            if (matcher.matches()) {
                nodes.add(node(Integer.parseInt(matcher.group(1)), NODES + "/" + name));
            }
        }
        nodes.sort(Comparator.comparingInt(HostTopology.Node::id));
        Pages pages = pages(HUGEPAGES);
        return new HostTopology(nodes, pages.counts(), pages.mib());
    }

    /** Whether the kernel knows a PCI device of this address, {@code 0000:3b:00.0}. */
    public boolean hasPciDevice(String address) {
        return files.exists(PCI_DEVICES + address);
    }

    private HostTopology.Node node(int id, String folder) {
        Matcher memory = NODE_MEMORY.matcher(files.text(folder + "/meminfo").orElse(""));
        Pages pages = pages(folder + "/hugepages");
        return new HostTopology.Node(
                id,
                countCpus(files.text(folder + "/cpulist").orElse("")),
                memory.find() ? Long.parseLong(memory.group(1)) >> 10 : 0,
                pages.counts(),
                pages.mib());
    }

    /** Counts {@code 0-3,8,10-11}; 0 if it is something else. */
    private static int countCpus(String list) {
        int cpus = 0;
        for (String part : list.split(",", -1)) {
            Matcher range = RANGE.matcher(part);
            if (!range.matches()) {
                return 0;
            }
            int first = Integer.parseInt(range.group(1));
            int last = range.group(2) == null ? first : Integer.parseInt(range.group(2));
            cpus += Math.max(0, last - first + 1);
        }
        return cpus;
    }

    private record Pages(Map<HugepageSize, Long> counts, long mib) {}

    private Pages pages(String folder) {
        Map<HugepageSize, Long> counts = new EnumMap<>(HugepageSize.class);
        long kib = 0;
        for (String name : files.names(folder)) {
            Matcher size = PAGE_SIZE.matcher(name);
            if (!size.matches()) {
                continue;
            }
            long pageKib = Long.parseLong(size.group(1));
            long count = files.text(folder + "/" + name + "/nr_hugepages")
                    .filter(text -> COUNT.matcher(text).matches())
                    .map(Long::parseLong)
                    .orElse(0L);
            kib += pageKib * count;
            offered(pageKib).ifPresent(offered -> counts.put(offered, count));
        }
        return new Pages(counts, (kib + 1023) >> 10);
    }

    private static Optional<HugepageSize> offered(long pageKib) {
        for (HugepageSize size : HugepageSize.values()) {
            if (size.mib() * 1024L == pageKib) {
                return Optional.of(size);
            }
        }
        return Optional.empty();
    }
}
