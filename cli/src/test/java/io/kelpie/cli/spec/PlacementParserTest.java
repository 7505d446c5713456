package io.kelpie.cli.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.common.yaml.YamlException;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PlacementParserTest {
    @Test
    void everyKeyIsRead() {
        assertThat(parse("""
                        require: [{label: disk, in: [ssd]}]
                        prefer: [{label: zone, in: [a, b], weight: 20}, {label: disk, in: [nvme]}]
                        spread: [{by: rack, maxSkew: 2}, {by: host}]
                        affinity: [{job: cache, by: host, required: false}]
                        antiAffinity: [{job: web, by: rack, required: true}]
                        partitions: {count: 3, by: rack}
                        tolerations: [{key: gpu, value: "yes"}, {key: old}, {key: odd, value: ""}]
                        """))
                .isEqualTo(Placement.newBuilder()
                        .addRequire(
                                LabelRequirement.newBuilder().setLabel("disk").addIn("ssd"))
                        .addPrefer(LabelPreference.newBuilder()
                                .setLabel("zone")
                                .addIn("a")
                                .addIn("b")
                                .setWeight(20))
                        .addPrefer(LabelPreference.newBuilder()
                                .setLabel("disk")
                                .addIn("nvme")
                                .setWeight(50))
                        .addSpread(SpreadRule.newBuilder().setBy("rack").setMaxSkew(2))
                        .addSpread(SpreadRule.newBuilder().setBy("host").setMaxSkew(1))
                        .addAffinity(AffinityRule.newBuilder().setJob("cache").setBy("host"))
                        .addAntiAffinity(AffinityRule.newBuilder()
                                .setJob("web")
                                .setBy("rack")
                                .setRequired(true))
                        .setPartitions(Partitions.newBuilder().setCount(3).setBy("rack"))
                        .addTolerations(Toleration.newBuilder().setKey("gpu").setValue("yes"))
                        .addTolerations(Toleration.newBuilder().setKey("old"))
                        .addTolerations(Toleration.newBuilder().setKey("odd").setValue(""))
                        .build());
    }

    @Test
    void nearAndApartMayBeAskedOfOneJobByDifferentDomainsOrAsAWish() {
        assertThat(parse("""
                        affinity: [{job: a, by: rack, required: true}, {job: b, by: rack, required: true}]
                        antiAffinity: [{job: a, by: host, required: true}, {job: b, by: rack, required: false}]
                        """).getAntiAffinityCount()).isEqualTo(2);
    }

    static Stream<Arguments> badInputs() {
        return Stream.of(
                bad("prefr: []", "prefr", "unknown key", "did you mean 'prefer'?"),
                bad("prefer: [{label: a, in: [b], weight: 0}]", "prefer[0].weight", "0 is out", "1 to 100"),
                bad("prefer: [{label: a, in: [b], weight: 101}]", "prefer[0].weight", "101 is out", "1 to 100"),
                bad("prefer: [{label: a, in: [b], wieght: 1}]", "prefer[0].wieght", "unknown key", "'weight'"),
                bad("prefer: [{label: a}]", "prefer[0].in", "no value", "at least one"),
                bad("prefer: [{label: a, in: [" + times(65, "b") + "]}]", "prefer[0].in", "65 entries", "at most 64"),
                bad("prefer: [{in: [b]}]", "prefer[0].label", "is required", "add"),
                bad("prefer: [{label: 'a b', in: [b]}]", "prefer[0].label", "not a label's key", "1 to 63"),
                bad(
                        "prefer: [{label: a, in: [b, 'c d']}]",
                        "prefer[0].in[1]",
                        "'c d' is not a label's value",
                        "1 to 63"),
                bad("require: [{label: a, in: ['-']}]", "require[0].in[0]", "'-' is not a label's value", "1 to 63"),
                bad("require: [{label: a, in: ['']}]", "require[0].in[0]", "'' is not a label's value", "1 to 63"),
                bad("require: [{label: '', in: [a]}]", "require[0].label", "'' is not a label's key", "1 to 63"),
                bad("prefer: {label: a}", "prefer", "is not a list", "[…]"),
                bad("spread: [{maxSkew: 1}]", "spread[0].by", "is required", "add"),
                bad("spread: [{by: ''}]", "spread[0].by", "not a label's key", "1 to 63"),
                bad("spread: [{by: rack, maxSkew: 0}]", "spread[0].maxSkew", "0 is out of range", "1 to 10000"),
                bad("spread: [{by: rack, maxSkew: 10001}]", "spread[0].maxSkew", "out of range", "1 to 10000"),
                bad("spread: [{by: rack}, {by: rack}]", "spread[1].by", "another rule spreads by 'rack'", "keep one"),
                bad("spread: [{by: rack, max_skew: 1}]", "spread[0].max_skew", "unknown key", "'maxSkew'"),
                bad("spread: [" + times(17, "{by: rack}") + "]", "spread", "17 entries", "at most 16"),
                bad("affinity: [{by: host, required: true}]", "affinity[0].job", "is required", "add"),
                bad("affinity: [{job: ../a, by: host, required: true}]", "affinity[0].job", "not a name", "1 to 56"),
                bad("affinity: [{job: a, required: true}]", "affinity[0].by", "is required", "add"),
                bad("affinity: [{job: a, by: host}]", "affinity[0].required", "is required", "add"),
                bad("affinity: [{job: a, by: host, required: 1}]", "affinity[0].required", "neither true", "true or"),
                bad(
                        "affinity: [{job: a, by: host, required: true}, {job: a, by: host, required: false}]",
                        "affinity[1].job",
                        "another rule names job a by host",
                        "keep one"),
                bad(
                        "antiAffinity: [{job: a, by: host, required: true}]\n"
                                + "affinity: [{job: a, by: host, required: true}]",
                        "antiAffinity[0].job",
                        "affinity requires to be with job a by host",
                        "required: false"),
                bad(
                        "antiAffinity: [" + times(17, "{job: a, by: host, required: true}") + "]",
                        "antiAffinity",
                        "17 entries",
                        "at most 16"),
                bad("partitions: {by: rack}", "partitions.count", "is required", "add"),
                bad("partitions: {count: 1, by: rack}", "partitions.count", "1 is out of range", "2 to 10000"),
                bad("partitions: {count: 2}", "partitions.by", "is required", "add"),
                bad("partitions: {count: 2, by: rack, of: a}", "partitions.of", "unknown key", "known keys"),
                bad("tolerations: [{value: a}]", "tolerations[0].key", "is required", "add"),
                bad("tolerations: [{key: 'a b'}]", "tolerations[0].key", "not a label's key", "1 to 63"),
                bad("tolerations: [{key: a, value: b c}]", "tolerations[0].value", "not a label's value", "1 to 63"),
                bad(
                        "tolerations: [{key: a, value: " + "v".repeat(64) + "}]",
                        "tolerations[0].value",
                        "not a label's value",
                        "1 to 63"),
                bad("affinity: [{job: a, by: r k, required: true}]", "affinity[0].by", "not a label's key", "1 to 63"),
                bad("partitions: {count: 2, by: 'r,k'}", "partitions.by", "not a label's key", "1 to 63"),
                bad("tolerations: [{key: a, effect: x}]", "tolerations[0].effect", "unknown key", "known keys"),
                bad("tolerations: [" + times(17, "{key: a}") + "]", "tolerations", "17 entries", "at most 16"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badInputs")
    void badInputIsRefusedByFieldWithItsPlaceAndAFix(String text, String field, String problem, String fix) {
        assertThatThrownBy(() -> parse(text)).isInstanceOfSatisfying(YamlException.class, e -> {
            assertThat(e.problem())
                    .matches("(?s)p\\.yaml:\\d+:\\d+: .*")
                    .contains(": " + field + ": ")
                    .contains(problem);
            assertThat(e.fix()).contains(fix);
        });
    }

    private static Placement parse(String text) {
        return PlacementParser.parse(YamlMap.parse("p.yaml", text));
    }

    private static Arguments bad(String text, String field, String problem, String fix) {
        return Arguments.of(text, field, problem, fix);
    }

    private static String times(int count, String text) {
        return IntStream.range(0, count).mapToObj(i -> text).collect(Collectors.joining(", "));
    }
}
