package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.disk.PoolConfig;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.common.yaml.YamlException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
    private static final String DIGEST = "ab".repeat(32);

    private static AgentConfig parse(String text) {
        return AgentConfig.parse("agent.yaml", text, "machine");
    }

    @Test
    void defaults() {
        assertThat(parse("controllers: ['127.0.0.1:7800']"))
                .isEqualTo(new AgentConfig(
                        "machine",
                        Path.of("/var/lib/kelpie/agent"),
                        Path.of("/run/kelpie"),
                        List.of("127.0.0.1:7800"),
                        Map.of(),
                        List.of(new PoolConfig("default", Path.of("/var/lib/kelpie/agent/pool"), false)),
                        List.of(),
                        new Reserved(0, 1024),
                        Optional.empty(),
                        new TreeMap<>(),
                        Set.of(DriverKind.QEMU),
                        Path.of("/usr/bin/qemu-system-x86_64"),
                        "qemu:///system",
                        Optional.empty(),
                        Optional.empty(),
                        false));
    }

    @Test
    void everyKeyIsRead() {
        assertThat(parse("""
                                hostName: h1
                                dataFolder: /data
                                runFolder: /r
                                controllers: [c1:7800, "[fd00::1]:7801", c1:7800]
                                labels: {rack: r1, disk: ssd}
                                pools:
                                  - {name: default, path: /pools/a}
                                  - {name: fast, path: /pools/b/../c, shared: true}
                                taints:
                                  - {key: gpu, value: "yes", effect: noSchedule}
                                  - {key: old}
                                reserved: {cpus: 2, memory: 2Gi}
                                capacity:
                                  cpus: 3
                                  memory: 5Gi
                                  hugepages: {2Mi: 512, 1Gi: 4}
                                  cpuModels: [Westmere, EPYC]
                                  cachedImages: [%s]
                                devices: {gpu: ["0000:3B:00.0", "0000:3b:00.1"], nic: 8}
                                drivers: [fake, libvirt, qemu]
                                qemuBinary: /opt/qemu
                                libvirtUri: qemu:///session
                                guard: /opt/guard
                                metricsAddress: 127.0.0.1:9000
                                insecurePlaintext: true
                                """.formatted(DIGEST)))
                .isEqualTo(new AgentConfig(
                        "h1",
                        Path.of("/data"),
                        Path.of("/r"),
                        List.of("c1:7800", "[fd00::1]:7801"),
                        Map.of("rack", "r1", "disk", "ssd"),
                        List.of(
                                new PoolConfig("default", Path.of("/pools/a"), false),
                                new PoolConfig("fast", Path.of("/pools/c"), true)),
                        List.of(new HostTaint("gpu", "yes"), new HostTaint("old", "")),
                        new Reserved(2, 2048),
                        Optional.of(new StatedCapacity(
                                OptionalLong.of(3),
                                OptionalLong.of(5120),
                                List.of(),
                                Map.of(HugepageSize.TWO_MIB, 512L, HugepageSize.ONE_GIB, 4L),
                                Optional.of(List.of("EPYC", "Westmere")),
                                Optional.of(List.of(DIGEST)))),
                        new TreeMap<>(Map.of(
                                "gpu", new DeviceKind(2, List.of("0000:3b:00.0", "0000:3b:00.1")),
                                "nic", new DeviceKind(8, List.of()))),
                        Set.of(DriverKind.QEMU, DriverKind.LIBVIRT, DriverKind.FAKE),
                        Path.of("/opt/qemu"),
                        "qemu:///session",
                        Optional.of(Path.of("/opt/guard")),
                        Optional.of(new InetSocketAddress("127.0.0.1", 9000)),
                        true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    controler: [a:1]                                             | unknown key
                    labels: {}                                                   | controllers
                    controllers: [10.0.0.1:7800]                                 | insecurePlaintext
                    controllers: [nonsense]                                      | host:port
                    controllers: ['localhost:99999']                             | port
                    {controllers: ['localhost:1'], hostName: A_B}                | hostName
                    {controllers: ['localhost:1'], dataFolder: data}             | absolute
                    {controllers: ['localhost:1'], reservedMemory: 2GB}          | Mi, Gi or Ti
                    {controllers: ['localhost:1'], drivers: [xen]}               | 'xen'
                    {controllers: ['localhost:1'], pools: [{name: x, path: /x}]} | pool default
                    {controllers: ['localhost:1'], pools: [{name: default}]}     | pools[0].path
                    {controllers: ['localhost:1'], capacity: {cpu: 1}}           | did you mean 'cpus'
                    {controllers: ['localhost:1'], capacity: {cpus: 0}}          | out of range
                    {controllers: ['localhost:1'], insecurePlaintext: maybe}     | neither true nor false
                    {controllers: ['localhost:1'], taints: [{value: a}]}         | taints[0].key: is required
                    {controllers: ['localhost:1'], taints: [{key: 'a b'}]}       | taints[0].key: 'a b' is no key
                    {controllers: ['localhost:1'], taints: [{key: a, value: '-'}]}        | taints[0].value: '-' is no value
                    {controllers: ['localhost:1'], taints: [{key: a, effect: noExecute}]} | give noSchedule
                    {controllers: ['localhost:1'], taints: [{key: a}, {key: a}]} | taints[1].key: taint a stands twice
                    {controllers: ['localhost:1'], taints: [{kye: a}]}           | did you mean 'key'
                    {controllers: ['localhost:1'], reserved: {cpu: 1}}           | did you mean 'cpus'
                    {controllers: ['localhost:1'], reserved: {cpus: -1}}         | reserved.cpus: -1 is out of range
                    {controllers: ['localhost:1'], reserved: {memory: 1G}}       | Mi, Gi or Ti
                    {controllers: ['localhost:1'], reserved: {memory: 1Gi}, reservedMemory: 1Gi} | keep reserved.memory
                    {controllers: ['localhost:1'], devices: {GPU: []}}           | devices.GPU: 'GPU' is no kind
                    {controllers: ['localhost:1'], devices: {gpu: 2}}            | a count stands for no real device
                    {controllers: ['localhost:1'], devices: {gpu: many}, drivers: [fake]} | devices.gpu: 'many' is not
                    {controllers: ['localhost:1'], devices: {gpu: ['3b:00.0']}}  | devices.gpu: '3b:00.0' is no PCI address
                    {controllers: ['localhost:1'], devices: {a: ['0000:3b:00.0'], b: ['0000:3B:00.0']}} | stands twice
                    {controllers: ['localhost:1'], capacity: {cpuModels: [EPYC]}} | is measured on a host of real VMs
                    {controllers: ['localhost:1'], capacity: {cachedImages: []}} | is measured on a host of real VMs
                    {controllers: ['localhost:1'], capacity: {cachedImages: [x]}, drivers: [fake]} | capacity.cachedImages: 'x'
                    {controllers: ['localhost:1'], capacity: {hugepages: {4Mi: 1}}} | capacity.hugepages.4Mi: unknown key
                    {controllers: ['localhost:1'], capacity: {numaNodes: [{cpus: 1}]}} | capacity.numaNodes[0].memory
                    {controllers: ['localhost:1'], capacity: {numaNodes: [{cpus: 1, memory: 1Gi}], cpus: 1}} | capacity.cpus
                    {controllers: ['localhost:1'], capacity: {numaNodes: [{id: 1, cpus: 1, memory: 1Gi}, {cpus: 1, memory: 1Gi}]}} | NUMA node 1 stands twice
                    """)
    void whatIsWrongIsNamed(String text, String named) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(YamlException.class)
                .hasMessageStartingWith("agent.yaml")
                .hasMessageContaining(named);
    }

    @Test
    void theFormerKeyOfReservedMemoryIsReadStill() {
        assertThat(parse("{controllers: ['localhost:1'], reservedMemory: 2Gi}").reserved())
                .isEqualTo(new Reserved(0, 2048));
        assertThat(parse("{controllers: ['localhost:1'], reservedMemory: 2Gi, reserved: {cpus: 1}}")
                        .reserved())
                .isEqualTo(new Reserved(1, 2048));
    }

    @Test
    void aRunFolderTooDeepForSocketsIsRefused() {
        assertThatThrownBy(() -> parse("{controllers: ['localhost:1'], runFolder: /" + "x".repeat(80) + "}"))
                .hasMessageContaining("runFolder");
    }
}
