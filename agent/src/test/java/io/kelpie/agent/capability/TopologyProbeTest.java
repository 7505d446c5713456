package io.kelpie.agent.capability;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.HugepageSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopologyProbeTest {
    @TempDir
    Path root;

    @Test
    void twoNumaNodesWithHugepages() throws Exception {
        node(0, "0-7,16-23", 65_536_000);
        node(10, "8-15,24-31", 65_536_000);
        pages("sys/devices/system/node/node0/hugepages", 2048, 512);
        pages("sys/devices/system/node/node0/hugepages", 1_048_576, 0);
        pages("sys/devices/system/node/node10/hugepages", 2048, 512);
        pages("sys/devices/system/node/node10/hugepages", 1_048_576, 4);
        pages("sys/kernel/mm/hugepages", 2048, 1024);
        pages("sys/kernel/mm/hugepages", 1_048_576, 4);
        write("sys/devices/system/node/online", "0,10");

        assertThat(new TopologyProbe(root).read())
                .isEqualTo(new HostTopology(
                        List.of(
                                new HostTopology.Node(0, 16, 64_000, Map.of(HugepageSize.TWO_MIB, 512L), 1024),
                                new HostTopology.Node(
                                        10,
                                        16,
                                        64_000,
                                        Map.of(HugepageSize.TWO_MIB, 512L, HugepageSize.ONE_GIB, 4L),
                                        5120)),
                        Map.of(HugepageSize.TWO_MIB, 1024L, HugepageSize.ONE_GIB, 4L),
                        6144));
    }

    @Test
    void pagesOfASizeThatIsNotOfferedAreMemoryThatIsNotThere() throws Exception {
        pages("sys/kernel/mm/hugepages", 64, 17);
        assertThat(new TopologyProbe(root).read()).isEqualTo(new HostTopology(List.of(), Map.of(), 2));
    }

    @Test
    void aKernelWithoutNumaAndHugepagesShowsNothing() {
        assertThat(new TopologyProbe(root).read()).isEqualTo(HostTopology.UNKNOWN);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"0|1", "0-3|4", "0-3,8,10-11|7", "''|0", "nonsense|0", "3-0|0", "1,|0"})
    void cpuListsAreCounted(String list, int cpus) throws Exception {
        node(0, list, 1024);
        assertThat(new TopologyProbe(root).read().nodes().get(0).cpus()).isEqualTo(cpus);
    }

    @Test
    void whatIsDamagedCountsAsNotThere() throws Exception {
        write("sys/devices/system/node/node0/cpulist", "0-1");
        write("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: much");
        write("sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages", "-1");
        write("sys/devices/system/node/nodes/cpulist", "0-1");
        assertThat(new TopologyProbe(root).read())
                .isEqualTo(new HostTopology(List.of(new HostTopology.Node(0, 2, 0, Map.of(), 0)), Map.of(), 0));
    }

    @Test
    void pciDevicesAreLookedFor() throws Exception {
        write("sys/bus/pci/devices/0000:3b:00.0/class", "0x030000");
        TopologyProbe probe = new TopologyProbe(root);
        assertThat(probe.hasPciDevice("0000:3b:00.0")).isTrue();
        assertThat(probe.hasPciDevice("0000:3b:00.1")).isFalse();
    }

    private void node(int id, String cpus, long memoryKib) throws IOException {
        write("sys/devices/system/node/node" + id + "/cpulist", cpus);
        write(
                "sys/devices/system/node/node" + id + "/meminfo",
                "Node " + id + " MemTotal:       " + memoryKib + " kB\nNode " + id + " MemFree:  1 kB");
    }

    private void pages(String folder, long kib, long count) throws IOException {
        write(folder + "/hugepages-" + kib + "kB/nr_hugepages", Long.toString(count));
    }

    private void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text + "\n");
    }
}
