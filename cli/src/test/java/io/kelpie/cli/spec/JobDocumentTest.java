package io.kelpie.cli.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.cli.output.JsonText;
import io.kelpie.cli.output.YamlText;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.DiskBus;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import io.kelpie.proto.v1.VmTemplate;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is printed can be applied again. */
class JobDocumentTest {
    private static final List<String> TEXTS = List.of(
            "x",
            "true",
            "null",
            "~",
            "1",
            "1.0",
            "0x1f",
            "yes",
            "- a",
            "a: b",
            "#no",
            "'",
            "\"",
            "ä\uD83D\uDC34",
            " lead",
            "trail ",
            "2026-01-01",
            "{}",
            "[]",
            "*a",
            "&a",
            "!t",
            "%d",
            "@",
            "`",
            "a\\b",
            "");
    private static final List<String> LABELS =
            List.of("x", "true", "null", "1", "1.0", "0x1f", "1e3", "yes", "2026-01-01", "kelpie.io/a_B-c");
    private static final List<String> BLOCKS = List.of(
            "#cloud-config\nhostname: x\n",
            "two\nlines",
            "ends with three\n\n\n",
            "\n\nleads",
            "  indented\nlines\n",
            "tab\there\n",
            "a\r\nb\r\n",
            "trailing space \nx\n",
            "#!/bin/sh\n\techo \"$x\" '\\n' \u0085\n",
            "---\na: 1\n...\n");

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void yamlAndJsonGiveTheSameSpecAgain(long seed) {
        JobSpec spec = anySpec(new Random(seed));
        JobSpecParser parser = new JobSpecParser(null, "default", (path, max) -> {
            throw new AssertionError("no file is needed");
        });

        String yaml = YamlText.of(JobDocument.of(spec));
        assertThat(parser.parse("x.yaml", yaml))
                .as(yaml)
                .extracting(ParsedJob::spec)
                .containsExactly(spec);
        String json = JsonText.pretty(JobDocument.of(spec));
        assertThat(parser.parse("x.json", json))
                .as(json)
                .extracting(ParsedJob::spec)
                .containsExactly(spec);
    }

    private static JobSpec anySpec(Random random) {
        JobSpec.Builder spec = JobSpec.newBuilder()
                .setName("job-" + random.nextInt(100))
                .setNamespace(random.nextBoolean() ? "default" : "shop")
                .setReplicas(1 + random.nextInt(10_000))
                .setRestart(RestartPolicy.newBuilder()
                        .setPolicyValue(1 + random.nextInt(3))
                        .setAttempts(1 + random.nextInt(100))
                        .setWindowSeconds(1 + random.nextInt(10_000)))
                .setOnHostFailureValue(random.nextInt(3))
                .setPlacement(Placement.getDefaultInstance());
        for (int i = random.nextInt(4); i > 0; i--) {
            spec.putLabels("key-" + i, any(random, LABELS));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            spec.getPlacementBuilder()
                    .addRequire(LabelRequirement.newBuilder()
                            .setLabel("l" + i)
                            .addIn(any(random, LABELS))
                            .addIn("b"));
        }
        if (random.nextBoolean()) {
            spec.setPriority(random.nextInt(101)).setMaxUnavailable(1 + random.nextInt(10_000));
        }
        anyRules(random, spec.getPlacementBuilder());
        return spec.setVm(anyTemplate(random)).build();
    }

    private static void anyRules(Random random, Placement.Builder placement) {
        for (int i = random.nextInt(3); i > 0; i--) {
            placement
                    .addPrefer(LabelPreference.newBuilder()
                            .setLabel("l" + i)
                            .addIn(any(random, LABELS))
                            .setWeight(1 + random.nextInt(100)))
                    .addSpread(SpreadRule.newBuilder().setBy("l" + i).setMaxSkew(1 + random.nextInt(10_000)))
                    .addAffinity(AffinityRule.newBuilder()
                            .setJob("job-" + i)
                            .setBy("host")
                            .setRequired(random.nextBoolean()))
                    .addAntiAffinity(AffinityRule.newBuilder()
                            .setJob("job-" + i)
                            .setBy("rack")
                            .setRequired(random.nextBoolean()))
                    .addTolerations(Toleration.newBuilder().setKey("t" + i))
                    .addTolerations(Toleration.newBuilder()
                            .setKey("t" + i)
                            .setValue(random.nextInt(4) == 0 ? "" : any(random, LABELS)));
        }
        if (random.nextBoolean()) {
            placement.setPartitions(
                    Partitions.newBuilder().setCount(2 + random.nextInt(9_999)).setBy("host"));
        }
    }

    /** On vCPUs and memory that can be divided by all that may be asked for. */
    private static void anyHardware(Random random, VmTemplate.Builder vm) {
        vm.setVcpus(4 * (1 + random.nextInt(128))).setMemoryMib(4096L * (1 + random.nextInt(1000)));
        vm.setHugepagesValue(random.nextInt(4));
        if (random.nextBoolean()) {
            vm.setNuma(Numa.newBuilder().setNodes(1 << random.nextInt(3)));
        }
        if (random.nextBoolean()) {
            vm.setCpu(Cpu.newBuilder()
                    .setModel(any(random, List.of("", "host-model", "1", "true", "EPYC-v4")))
                    .setNested(random.nextBoolean()));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            vm.addDevices(DeviceRequest.newBuilder().setKind("kind-" + i).setCount(1 + random.nextInt(64)));
        }
    }

    private static VmTemplate anyTemplate(Random random) {
        VmTemplate.Builder vm = VmTemplate.newBuilder()
                .setVcpus(1 + random.nextInt(512))
                .setMemoryMib(1 + random.nextInt(1 << 22))
                .setAcceleration(Acceleration.newBuilder()
                        .setModeValue(1 + random.nextInt(3))
                        .setPagingValue(1 + random.nextInt(2)))
                .setDriver(DriverChoice.forNumber(1 + random.nextInt(4)));
        vm.getStopBuilder().setGraceSeconds(random.nextInt(3601));
        if (random.nextBoolean()) {
            anyHardware(random, vm);
        }
        boolean image = random.nextBoolean();
        if (image) {
            vm.getBootBuilder().setImage(anySource(random));
        }
        if (!image || random.nextBoolean()) {
            vm.getBootBuilder().setKernel(anySource(random));
            if (random.nextBoolean()) {
                vm.getBootBuilder().setInitrd(anySource(random));
            }
            vm.getBootBuilder().setCmdline(any(random, TEXTS));
        }
        if (image || random.nextBoolean()) {
            vm.getRootBuilder()
                    .setSizeMib(1 + random.nextInt(1 << 20))
                    .setKeep(random.nextBoolean())
                    .setPool("default");
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            vm.addDisks(DataDisk.newBuilder()
                    .setName("d" + i)
                    .setSizeMib(1024L * i)
                    .setBus(random.nextBoolean() ? DiskBus.DISK_BUS_IDE : DiskBus.DISK_BUS_VIRTIO)
                    .setPool("fast")
                    .setKeep(random.nextBoolean()));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            vm.addNetworks(NetworkInterface.newBuilder()
                    .setUser(NetworkInterface.User.getDefaultInstance())
                    .setModelValue(1 + random.nextInt(2)));
        }
        if (random.nextBoolean()) {
            vm.getCloudInitBuilder().setUserData(any(random, BLOCKS));
            if (random.nextBoolean()) {
                vm.getCloudInitBuilder().setNetworkConfig(any(random, BLOCKS));
            }
        }
        return vm.build();
    }

    private static ImageSource anySource(Random random) {
        String sha256 = "0123456789abcdef".repeat(4);
        return random.nextBoolean()
                ? ImageSource.newBuilder()
                        .setFile("path/" + any(random, TEXTS))
                        .setSha256(random.nextBoolean() ? sha256 : "")
                        .build()
                : ImageSource.newBuilder()
                        .setUrl("https://example.org/a?b=c#d")
                        .setSha256(sha256)
                        .build();
    }

    private static String any(Random random, List<String> texts) {
        return texts.get(random.nextInt(texts.size()));
    }
}
