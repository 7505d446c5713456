package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.disk.PoolConfig;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.common.yaml.YamlException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentConfigTest {
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
                        1024,
                        OptionalLong.empty(),
                        OptionalLong.empty(),
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
                                reservedMemory: 2Gi
                                capacity: {cpus: 3, memory: 5Gi}
                                drivers: [fake, libvirt, qemu]
                                qemuBinary: /opt/qemu
                                libvirtUri: qemu:///session
                                guard: /opt/guard
                                metricsAddress: 127.0.0.1:9000
                                insecurePlaintext: true
                                """))
                .isEqualTo(new AgentConfig(
                        "h1",
                        Path.of("/data"),
                        Path.of("/r"),
                        List.of("c1:7800", "[fd00::1]:7801"),
                        Map.of("rack", "r1", "disk", "ssd"),
                        List.of(
                                new PoolConfig("default", Path.of("/pools/a"), false),
                                new PoolConfig("fast", Path.of("/pools/c"), true)),
                        2048,
                        OptionalLong.of(3),
                        OptionalLong.of(5120),
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
                    """)
    void whatIsWrongIsNamed(String text, String named) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(YamlException.class)
                .hasMessageStartingWith("agent.yaml")
                .hasMessageContaining(named);
    }

    @Test
    void aRunFolderTooDeepForSocketsIsRefused() {
        assertThatThrownBy(() -> parse("{controllers: ['localhost:1'], runFolder: /" + "x".repeat(80) + "}"))
                .hasMessageContaining("runFolder");
    }
}
