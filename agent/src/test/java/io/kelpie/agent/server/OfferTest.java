package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.capability.HostTopology;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.proto.v1.DeviceCount;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.NumaNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OfferTest {
    private static final MeasuredHost MACHINE = new MeasuredHost(HostCapabilities.getDefaultInstance(), 24, 98_304);

    /** 16 CPUs and 64 GiB, 1 GiB of it in hugepages of 2 MiB; and 8 CPUs and 32 GiB. */
    private static final HostTopology UNEVEN = new HostTopology(
            List.of(
                    new HostTopology.Node(0, 16, 65_536, Map.of(HugepageSize.TWO_MIB, 512L), 1024),
                    new HostTopology.Node(2, 8, 32_768, Map.of(), 0)),
            Map.of(HugepageSize.TWO_MIB, 512L),
            1024);

    private static final HugepageCount PAGES = HugepageCount.newBuilder()
            .setSize(Hugepages.HUGEPAGES_2MI)
            .setCount(512)
            .build();

    private static HostCapacity offer(String config, HostTopology topology) {
        return Offer.of(
                AgentConfig.parse("x", "{controllers: ['localhost:1'], " + config + "}", "h1"),
                MACHINE,
                topology,
                new TreeMap<>());
    }

    @Test
    void whatIsKeptBackIsTakenFromNumaNodesInProportion() {
        assertThat(offer("reserved: {cpus: 3, memory: 2Gi}", UNEVEN))
                .isEqualTo(HostCapacity.newBuilder()
                        .setCpus(21)
                        .setMemoryMib(98_304 - 1024 - 2048)
                        .addHugepages(PAGES)
                        .addNumaNodes(NumaNode.newBuilder()
                                .setId(0)
                                .setCpus(14)
                                .setMemoryMib(64_512 - 1359)
                                .addHugepages(PAGES))
                        .addNumaNodes(NumaNode.newBuilder().setId(2).setCpus(7).setMemoryMib(32_768 - 689))
                        .build());
    }

    @Test
    void moreThanThereIsCannotBeKeptBack() {
        HostCapacity offer = offer("reserved: {cpus: 100, memory: 1Ti}", UNEVEN);
        assertThat(offer.getCpus()).isZero();
        assertThat(offer.getMemoryMib()).isZero();
        assertThat(offer.getNumaNodesList()).allMatch(node -> node.getCpus() == 0 && node.getMemoryMib() == 0);
        assertThat(offer("reserved: {cpus: 100, memory: 1Ti}", HostTopology.UNKNOWN))
                .isEqualTo(HostCapacity.getDefaultInstance());
    }

    @Test
    void withoutNumaNodesTheMachineIsOffered() {
        HostTopology pages = new HostTopology(List.of(), Map.of(HugepageSize.TWO_MIB, 512L), 1024);
        assertThat(offer("reserved: {cpus: 4}", pages))
                .isEqualTo(HostCapacity.newBuilder()
                        .setCpus(20)
                        .setMemoryMib(98_304 - 1024 - 1024)
                        .addHugepages(PAGES)
                        .build());
    }

    @Test
    void numaNodesThatSayNothingCountAsNone() {
        HostTopology silent = new HostTopology(List.of(new HostTopology.Node(0, 0, 0, Map.of(), 0)), Map.of(), 0);
        assertThat(offer("reserved: {memory: 1Gi}", silent))
                .isEqualTo(HostCapacity.newBuilder()
                        .setCpus(24)
                        .setMemoryMib(97_280)
                        .build());
    }

    @Test
    void statedCapacityHidesTheMachine() {
        assertThat(offer("capacity: {cpus: 4, memory: 8Gi}", UNEVEN))
                .isEqualTo(
                        HostCapacity.newBuilder().setCpus(4).setMemoryMib(8192).build());
        assertThat(offer("capacity: {cpus: 4}", UNEVEN))
                .as("memory as measured, less what hugepages and the agent's host keep")
                .isEqualTo(HostCapacity.newBuilder()
                        .setCpus(4)
                        .setMemoryMib(98_304 - 1024 - 1024)
                        .build());
    }

    @Test
    void statedNumaNodesAddUp() {
        assertThat(offer(
                        "capacity: {numaNodes: [{cpus: 8, memory: 16Gi, hugepages: {2Mi: 512}},"
                                + " {id: 3, cpus: 4, memory: 8Gi}]}",
                        HostTopology.UNKNOWN))
                .isEqualTo(HostCapacity.newBuilder()
                        .setCpus(12)
                        .setMemoryMib(24 * 1024)
                        .addHugepages(PAGES)
                        .addNumaNodes(NumaNode.newBuilder()
                                .setId(0)
                                .setCpus(8)
                                .setMemoryMib(16 * 1024)
                                .addHugepages(PAGES))
                        .addNumaNodes(NumaNode.newBuilder().setId(3).setCpus(4).setMemoryMib(8 * 1024))
                        .build());
    }

    @Test
    void devicesThatAreThereAreOffered() {
        TreeMap<String, DeviceKind> devices = new TreeMap<>(
                Map.of("nic", new DeviceKind(8, List.of()), "gpu", new DeviceKind(1, List.of("0000:3b:00.0"))));
        AgentConfig config = AgentConfig.parse("x", "{controllers: ['localhost:1']}", "h1");
        assertThat(Offer.of(config, MACHINE, UNEVEN, devices).getDevicesList())
                .containsExactly(
                        DeviceCount.newBuilder()
                                .setKind("gpu")
                                .setCount(1)
                                .addAddresses("0000:3b:00.0")
                                .build(),
                        DeviceCount.newBuilder().setKind("nic").setCount(8).build());
    }
}
