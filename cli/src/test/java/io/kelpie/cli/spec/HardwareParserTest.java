package io.kelpie.cli.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.common.yaml.YamlException;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.VmTemplate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HardwareParserTest {
    private static VmTemplate.Builder template() {
        return VmTemplate.newBuilder().setVcpus(4).setMemoryMib(3 * 1024);
    }

    @Test
    void whatIsNotAskedForIsNotSet() {
        assertThat(parse("{}")).isEqualTo(template().build());
    }

    @Test
    void everyKeyIsRead() {
        assertThat(parse("""
                        hugepages: 2Mi
                        numa: {nodes: 2}
                        cpu: {model: Skylake-Server-v4, nested: true}
                        devices: [{kind: gpu, count: 2}, {kind: nic}]
                        """))
                .isEqualTo(template()
                        .setHugepages(Hugepages.HUGEPAGES_2MI)
                        .setNuma(Numa.newBuilder().setNodes(2))
                        .setCpu(Cpu.newBuilder().setModel("Skylake-Server-v4").setNested(true))
                        .addDevices(DeviceRequest.newBuilder().setKind("gpu").setCount(2))
                        .addDevices(DeviceRequest.newBuilder().setKind("nic").setCount(1))
                        .build());
    }

    static Stream<Arguments> badInputs() {
        return Stream.of(
                bad("hugepages: 2M", "hugepages", "'2M' is not known", "did you mean '2Mi'?"),
                bad("numa: {}", "numa.nodes", "is required", "add"),
                bad("numa: 2", "numa", "is not a mapping", "write its keys"),
                bad("numa: {nodes: 0}", "numa.nodes", "0 is out of range", "1 to 8"),
                bad("numa: {nodes: 9}", "numa.nodes", "9 is out of range", "1 to 8"),
                bad("numa: {nodes: 2, by: x}", "numa.by", "unknown key", "known keys"),
                bad("numa: {nodes: 3}", "vcpus", "4 cannot be divided evenly among 3", "a multiple of 3"),
                bad("{hugepages: 1Gi, numa: {nodes: 2}}", "memory", "3Gi is not a whole number", "a multiple of 2Gi"),
                bad("cpu: host", "cpu", "is not a mapping", "write its keys"),
                bad("cpu: {model: ''}", "cpu.model", "'' is not a CPU model", "host-passthrough"),
                bad("cpu: {model: 'a,b=c'}", "cpu.model", "'a,b=c' is not a CPU model", "host-passthrough"),
                bad("cpu: {model: " + "m".repeat(64) + "}", "cpu.model", "is not a CPU model", "host-passthrough"),
                bad("cpu: {nested: yes}", "cpu.nested", "neither true nor false", "true or false"),
                bad("cpu: {modle: x}", "cpu.modle", "unknown key", "did you mean 'model'?"),
                bad("devices: [{count: 1}]", "devices[0].kind", "is required", "add"),
                bad("devices: [{kind: GPU}]", "devices[0].kind", "'GPU' is not a name", "1 to 56"),
                bad("devices: [{kind: a, count: 0}]", "devices[0].count", "0 is out of range", "1 to 64"),
                bad("devices: [{kind: a, count: 65}]", "devices[0].count", "65 is out of range", "1 to 64"),
                bad("devices: [{kind: a}, {kind: a}]", "devices[1].kind", "'a' stands twice", "add their counts up"),
                bad(
                        "devices: ["
                                + IntStream.range(0, 17)
                                        .mapToObj(i -> "{kind: d" + i + "}")
                                        .collect(Collectors.joining(", "))
                                + "]",
                        "devices",
                        "17 entries",
                        "at most 16"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badInputs")
    void badInputIsRefusedByFieldWithItsPlaceAndAFix(String text, String field, String problem, String fix) {
        assertThatThrownBy(() -> parse(text)).isInstanceOfSatisfying(YamlException.class, e -> {
            assertThat(e.problem())
                    .matches("(?s)v\\.yaml:\\d+:\\d+: .*")
                    .contains(": " + field + ": ")
                    .contains(problem);
            assertThat(e.fix()).contains(fix);
        });
    }

    private static VmTemplate parse(String text) {
        VmTemplate.Builder template = template();
        HardwareParser.parse(YamlMap.parse("v.yaml", text), template);
        return template.build();
    }

    private static Arguments bad(String text, String field, String problem, String fix) {
        return Arguments.of(text, field, problem, fix);
    }
}
