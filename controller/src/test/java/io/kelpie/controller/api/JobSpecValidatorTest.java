package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.CloudInit;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import io.kelpie.proto.v1.VmTemplate;
import java.util.Collections;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JobSpecValidatorTest {
    private static final String DIGEST = "0123456789abcdef".repeat(4);

    private static JobSpec good() {
        return JobSpec.newBuilder()
                .setName("web")
                .setNamespace("default")
                .setReplicas(1)
                .setVm(VmTemplate.newBuilder()
                        .setVcpus(1)
                        .setMemoryMib(256)
                        .setBoot(Boot.newBuilder()
                                .setImage(ImageSource.newBuilder().setFile("images/debian.qcow2")))
                        .setRoot(RootDisk.newBuilder().setSizeMib(1024)))
                .build();
    }

    @Test
    void aPlainSpecIsAccepted() {
        assertThatCode(() -> JobSpecValidator.check(good())).doesNotThrowAnyException();
    }

    // At the border.

    static Stream<Arguments> accepted() {
        return Stream.of(
                row("shortest name", spec -> spec.setName("a")),
                row("digits as a name", spec -> spec.setName("0")),
                row("longest name", spec -> spec.setName("a".repeat(56))),
                row("name with a hyphen", spec -> spec.setName("a-0--b")),
                row("longest namespace", spec -> spec.setNamespace("n".repeat(56))),
                row("64 labels", spec -> labels(spec, 64)),
                row("longest label", spec -> spec.putLabels("k".repeat(63), "v".repeat(63))),
                row("label with all kinds of characters", spec -> spec.putLabels("kelpie.io/a_B-c", "1.2_3-x/Y")),
                row("most replicas", spec -> spec.setReplicas(10_000)),
                row("most attempts", spec -> spec.getRestartBuilder().setAttempts(100)),
                row("longest window", spec -> spec.getRestartBuilder().setWindowSeconds(604_800)),
                row("64 requirements", spec -> requirements(spec, 64, 1)),
                row("64 values", spec -> requirements(spec, 1, 64)),
                row("highest priority", spec -> spec.setPriority(100)),
                row("lowest priority", spec -> spec.setPriority(0)),
                row("a budget above the replicas", spec -> spec.setMaxUnavailable(10_000)),
                row("16 rules of each kind", spec -> rules(spec, 16)),
                row(
                        "nearness and distance by different domains",
                        spec -> spec.getPlacementBuilder()
                                .addAffinity(affinity("a", "rack", true))
                                .addAntiAffinity(affinity("a", "host", true))),
                row(
                        "distance as a wish only",
                        spec -> spec.getPlacementBuilder()
                                .addAffinity(affinity("a", "rack", true))
                                .addAntiAffinity(affinity("a", "rack", false))),
                row("most partitions", spec -> partitions(spec, 10_000)),
                row(
                        "a toleration of any value",
                        spec -> spec.getPlacementBuilder()
                                .addTolerations(Toleration.newBuilder().setKey("k"))),
                row("8 NUMA nodes", spec -> numa(spec, 8, 8, 8)),
                row(
                        "2 NUMA nodes of 1 GiB pages",
                        spec -> numa(spec, 2, 2, 2048).setHugepages(Hugepages.HUGEPAGES_1GI)),
                row("a CPU model", spec -> cpu(spec, "Skylake-Server-v4")),
                row("longest CPU model", spec -> cpu(spec, "m".repeat(63))),
                row("16 kinds of devices", spec -> devices(spec, 16)),
                row("most vCPUs", spec -> spec.getVmBuilder().setVcpus(512)),
                row("least memory", spec -> spec.getVmBuilder().setMemoryMib(1)),
                row("most memory", spec -> spec.getVmBuilder().setMemoryMib(64L << 20)),
                row("largest root", spec -> spec.getVmBuilder().getRootBuilder().setSizeMib(16L << 20)),
                row(
                        "root in a pool",
                        spec -> spec.getVmBuilder().getRootBuilder().setPool("fast")),
                row("32 disks", spec -> disks(spec, 32)),
                row("longest disk name", spec -> spec.getVmBuilder().addDisks(disk("d".repeat(20)))),
                row(
                        "largest disk",
                        spec -> spec.getVmBuilder()
                                .addDisks(disk("a").toBuilder().setSizeMib(16L << 20))),
                row("16 interfaces", spec -> networks(spec, 16)),
                row(
                        "longest grace",
                        spec -> spec.getVmBuilder().getStopBuilder().setGraceSeconds(3_600)),
                row("longest user data", spec -> userData(spec, "u".repeat(65_536))),
                row("user data with control characters", spec -> userData(spec, "#!/bin/sh\n\techo \u001b[1m\n")),
                row("longest path", spec -> image(spec).setFile("p".repeat(1_024))),
                row("a path that repeats a folder", spec -> image(spec).setFile("a/b/a/b/a.img")),
                row("an absolute path", spec -> image(spec).setFile("/var/lib/kelpie/pool/a.img")),
                row("a path with dots that do not climb", spec -> image(spec).setFile("a../..b/...")),
                row("a path of other letters", spec -> image(spec).setFile("bücher/😀.img")),
                row("a digest", spec -> image(spec).setSha256(DIGEST)),
                row(
                        "a URL",
                        spec -> image(spec)
                                .setUrl("https://h/" + "x".repeat(992))
                                .setSha256(DIGEST)),
                row("a kernel and no root", spec -> kernel(spec).clearRoot()),
                row("longest cmdline", spec -> kernel(spec).getBootBuilder().setCmdline("c".repeat(2_047))),
                row(
                        "an initrd",
                        spec -> kernel(spec)
                                .getBootBuilder()
                                .setInitrd(ImageSource.newBuilder().setFile("i"))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    void isAccepted(String what, Consumer<JobSpec.Builder> change) {
        JobSpec.Builder spec = good().toBuilder();
        change.accept(spec);
        assertThatCode(() -> JobSpecValidator.check(spec.build())).doesNotThrowAnyException();
    }

    // Beyond it.

    static Stream<Arguments> refused() {
        return Stream.of(
                        names(),
                        header(),
                        rules(),
                        template(),
                        hardware(),
                        boot(),
                        Stream.of(
                                        "\u0000", "\n", "\r", "\t", "\u001b", "\u007f", "\u2028", "\u2029", "\u202e",
                                        "\u2066")
                                .flatMap(JobSpecValidatorTest::controlCharacter))
                .flatMap(rows -> rows);
    }

    private static Stream<Arguments> names() {
        return Stream.of(
                        "",
                        "-",
                        "-a",
                        "a-",
                        "A",
                        "a_b",
                        "a.b",
                        "../a",
                        "a/b",
                        "a b",
                        " a",
                        "a,b",
                        "a\nb",
                        "a\n",
                        "é",
                        "😀",
                        "a\u0000",
                        "a".repeat(57))
                .flatMap(name -> Stream.of(
                        row("metadata.name", spec -> spec.setName(name)),
                        row("metadata.namespace", spec -> spec.setNamespace(name)),
                        row("spec.vm.disks[0].name", spec -> spec.getVmBuilder().addDisks(disk(name)))));
    }

    private static Stream<Arguments> header() {
        return Stream.of(
                row("metadata.labels", spec -> labels(spec, 65)),
                row("metadata.labels", spec -> spec.putLabels("", "v")),
                row("metadata.labels", spec -> spec.putLabels("-k", "v")),
                row("metadata.labels", spec -> spec.putLabels("k".repeat(64), "v")),
                row("metadata.labels", spec -> spec.putLabels("k\n", "v")),
                row("metadata.labels.k", spec -> spec.putLabels("k", "v".repeat(64))),
                row("metadata.labels.k", spec -> spec.putLabels("k", "v w")),
                row("metadata.labels.k", spec -> spec.putLabels("k", "v\n")),
                row("spec.replicas", spec -> spec.setReplicas(0)),
                row("spec.replicas", spec -> spec.setReplicas(10_001)),
                row("spec.replicas", spec -> spec.setReplicas(-1)),
                row("spec.restart.policy", spec -> spec.getRestartBuilder().setPolicyValue(99)),
                row("spec.restart.attempts", spec -> spec.getRestartBuilder().setAttempts(101)),
                row("spec.restart.attempts", spec -> spec.getRestartBuilder().setAttempts(-1)),
                row("spec.restart.window", spec -> spec.getRestartBuilder().setWindowSeconds(604_801)),
                row("spec.placement.require", spec -> requirements(spec, 65, 1)),
                row("spec.placement.require[1].in", spec -> {
                    requirements(spec, 1, 1);
                    spec.getPlacementBuilder()
                            .addRequire(LabelRequirement.newBuilder().setLabel("k"));
                }),
                row("spec.placement.require[0].in", spec -> requirements(spec, 1, 65)),
                row(
                        "spec.placement.require[0].in",
                        spec -> spec.getPlacementBuilder()
                                .addRequire(LabelRequirement.newBuilder()
                                        .setLabel("k")
                                        .addIn("a b"))),
                row(
                        "spec.placement.require[0].label",
                        spec -> spec.getPlacementBuilder()
                                .addRequire(LabelRequirement.newBuilder()
                                        .setLabel("k,")
                                        .addIn("a"))),
                row("spec.priority", spec -> spec.setPriority(101)),
                row("spec.priority", spec -> spec.setPriority(-1)),
                row("spec.maxUnavailable", spec -> spec.setMaxUnavailable(10_001)),
                row("spec.maxUnavailable", spec -> spec.setMaxUnavailable(-1)),
                row("spec.vm", JobSpec.Builder::clearVm),
                row("spec", spec -> {
                    requirements(spec, 64, 64);
                    spec.getPlacementBuilder().getRequireBuilderList().forEach(wordy -> {
                        wordy.clearIn().addAllIn(Collections.nCopies(64, "v".repeat(63)));
                    });
                }));
    }

    private static Stream<Arguments> rules() {
        return Stream.of(
                row(
                        "spec.placement.prefer",
                        spec -> spec.getPlacementBuilder().addAllPrefer(Collections.nCopies(17, preference("k", 1)))),
                row(
                        "spec.placement.prefer[0].label",
                        spec -> spec.getPlacementBuilder().addPrefer(preference("", 1))),
                row(
                        "spec.placement.prefer[0].in",
                        spec -> spec.getPlacementBuilder()
                                .addPrefer(preference("k", 1).toBuilder().clearIn())),
                row(
                        "spec.placement.prefer[0].weight",
                        spec -> spec.getPlacementBuilder().addPrefer(preference("k", 0))),
                row(
                        "spec.placement.prefer[0].weight",
                        spec -> spec.getPlacementBuilder().addPrefer(preference("k", 101))),
                row(
                        "spec.placement.spread",
                        spec -> spec.getPlacementBuilder().addAllSpread(Collections.nCopies(17, spread("k", 1)))),
                row(
                        "spec.placement.spread[0].by",
                        spec -> spec.getPlacementBuilder().addSpread(spread("", 1))),
                row(
                        "spec.placement.spread[1].by",
                        spec -> spec.getPlacementBuilder()
                                .addSpread(spread("k", 1))
                                .addSpread(spread("k", 2))),
                row(
                        "spec.placement.spread[0].maxSkew",
                        spec -> spec.getPlacementBuilder().addSpread(spread("k", 0))),
                row(
                        "spec.placement.spread[0].maxSkew",
                        spec -> spec.getPlacementBuilder().addSpread(spread("k", -1))),
                row(
                        "spec.placement.affinity",
                        spec -> spec.getPlacementBuilder()
                                .addAllAffinity(Collections.nCopies(17, affinity("a", "host", true)))),
                row(
                        "spec.placement.affinity[0].job",
                        spec -> spec.getPlacementBuilder().addAffinity(affinity("", "host", true))),
                row(
                        "spec.placement.affinity[0].by",
                        spec -> spec.getPlacementBuilder().addAffinity(affinity("a", "", true))),
                row(
                        "spec.placement.affinity[1].job",
                        spec -> spec.getPlacementBuilder()
                                .addAffinity(affinity("a", "host", true))
                                .addAffinity(affinity("a", "host", false))),
                row(
                        "spec.placement.antiAffinity",
                        spec -> spec.getPlacementBuilder()
                                .addAllAntiAffinity(Collections.nCopies(17, affinity("a", "host", true)))),
                row(
                        "spec.placement.antiAffinity[0].job",
                        spec -> spec.getPlacementBuilder().addAntiAffinity(affinity("A", "host", true))),
                row(
                        "spec.placement.antiAffinity[0].by",
                        spec -> spec.getPlacementBuilder().addAntiAffinity(affinity("a", "r ack", true))),
                row(
                        "spec.placement.antiAffinity[1].job",
                        spec -> spec.getPlacementBuilder()
                                .addAffinity(affinity("a", "host", true))
                                .addAntiAffinity(affinity("b", "host", true))
                                .addAntiAffinity(affinity("a", "host", true))),
                row("spec.placement.partitions.count", spec -> partitions(spec, 1)),
                row("spec.placement.partitions.count", spec -> partitions(spec, 10_001)),
                row(
                        "spec.placement.partitions.by",
                        spec -> spec.getPlacementBuilder()
                                .setPartitions(Partitions.newBuilder().setCount(2))),
                row(
                        "spec.placement.tolerations",
                        spec -> spec.getPlacementBuilder()
                                .addAllTolerations(Collections.nCopies(
                                        17, Toleration.newBuilder().setKey("k").build()))),
                row(
                        "spec.placement.tolerations[0].key",
                        spec -> spec.getPlacementBuilder()
                                .addTolerations(Toleration.newBuilder().setValue("v"))),
                row(
                        "spec.placement.tolerations[0].value",
                        spec -> spec.getPlacementBuilder()
                                .addTolerations(
                                        Toleration.newBuilder().setKey("k").setValue("v\n"))));
    }

    private static Stream<Arguments> hardware() {
        return Stream.of(
                row("spec.vm.hugepages", spec -> spec.getVmBuilder().setHugepagesValue(99)),
                row("spec.vm.numa.nodes", spec -> numa(spec, 0, 1, 256)),
                row("spec.vm.numa.nodes", spec -> numa(spec, 9, 9, 9)),
                row("spec.vm.numa.nodes", spec -> numa(spec, -1, 1, 256)),
                row("spec.vm.vcpus", spec -> numa(spec, 2, 3, 256)),
                row("spec.vm.memory", spec -> numa(spec, 2, 2, 257)),
                row(
                        "spec.vm.memory",
                        spec -> spec.getVmBuilder().setMemoryMib(257).setHugepages(Hugepages.HUGEPAGES_2MI)),
                row("spec.vm.memory", spec -> numa(spec, 2, 2, 3072).setHugepages(Hugepages.HUGEPAGES_1GI)),
                row("spec.vm.cpu.model", spec -> cpu(spec, "m".repeat(64))),
                row("spec.vm.cpu.model", spec -> cpu(spec, "qemu64,+vmx")),
                row("spec.vm.cpu.model", spec -> cpu(spec, "a=b")),
                row("spec.vm.cpu.model", spec -> cpu(spec, "a\n")),
                row("spec.vm.devices", spec -> devices(spec, 17)),
                row("spec.vm.devices[0].kind", spec -> spec.getVmBuilder().addDevices(device("", 1))),
                row("spec.vm.devices[0].count", spec -> spec.getVmBuilder().addDevices(device("gpu", 0))),
                row("spec.vm.devices[0].count", spec -> spec.getVmBuilder().addDevices(device("gpu", 65))),
                row(
                        "spec.vm.devices[1].kind",
                        spec -> spec.getVmBuilder().addDevices(device("gpu", 1)).addDevices(device("gpu", 1))));
    }

    private static Stream<Arguments> template() {
        return Stream.of(
                row("spec.vm.vcpus", spec -> spec.getVmBuilder().setVcpus(0)),
                row("spec.vm.vcpus", spec -> spec.getVmBuilder().setVcpus(513)),
                row("spec.vm.vcpus", spec -> spec.getVmBuilder().setVcpus(-1)),
                row("spec.vm.memory", spec -> spec.getVmBuilder().setMemoryMib(0)),
                row("spec.vm.memory", spec -> spec.getVmBuilder().setMemoryMib(-1)),
                row("spec.vm.memory", spec -> spec.getVmBuilder().setMemoryMib((64L << 20) + 1)),
                row("spec.vm.memory", spec -> spec.getVmBuilder().setMemoryMib(Long.MIN_VALUE)),
                row("spec.vm.root", spec -> spec.getVmBuilder().clearRoot()),
                row(
                        "spec.vm.root.size",
                        spec -> spec.getVmBuilder().getRootBuilder().setSizeMib(0)),
                row(
                        "spec.vm.root.size",
                        spec -> spec.getVmBuilder().getRootBuilder().setSizeMib((16L << 20) + 1)),
                row(
                        "spec.vm.root.pool",
                        spec -> spec.getVmBuilder().getRootBuilder().setPool("../pool")),
                row("spec.vm.disks", spec -> disks(spec, 33)),
                row("spec.vm.disks[0].name", spec -> spec.getVmBuilder().addDisks(disk("d".repeat(21)))),
                row("spec.vm.disks[0].name", spec -> spec.getVmBuilder().addDisks(disk("root"))),
                row("spec.vm.disks[0].name", spec -> spec.getVmBuilder().addDisks(disk("seed"))),
                row(
                        "spec.vm.disks[1].name",
                        spec -> spec.getVmBuilder().addDisks(disk("a")).addDisks(disk("a"))),
                row(
                        "spec.vm.disks[0].size",
                        spec -> spec.getVmBuilder()
                                .addDisks(disk("a").toBuilder().clearSizeMib())),
                row(
                        "spec.vm.disks[0].size",
                        spec -> spec.getVmBuilder()
                                .addDisks(disk("a").toBuilder().setSizeMib((16L << 20) + 1))),
                row(
                        "spec.vm.disks[0].bus",
                        spec -> spec.getVmBuilder()
                                .addDisks(disk("a").toBuilder().setBusValue(99))),
                row(
                        "spec.vm.disks[0].pool",
                        spec -> spec.getVmBuilder()
                                .addDisks(disk("a").toBuilder().setPool("a,b"))),
                row("spec.vm.networks", spec -> networks(spec, 17)),
                row("spec.vm.networks[0]", spec -> spec.getVmBuilder().addNetworksBuilder()),
                row("spec.vm.networks[0].model", spec -> {
                    networks(spec, 1);
                    spec.getVmBuilder().getNetworksBuilder(0).setModelValue(99);
                }),
                row(
                        "spec.vm.acceleration.mode",
                        spec -> spec.getVmBuilder().getAccelerationBuilder().setModeValue(99)),
                row(
                        "spec.vm.acceleration.paging",
                        spec -> spec.getVmBuilder().getAccelerationBuilder().setPagingValue(99)),
                row("spec.vm.driver", spec -> spec.getVmBuilder().setDriverValue(99)),
                row("spec.vm.cloudInit.userData", spec -> userData(spec, "u".repeat(65_537))),
                row("spec.vm.cloudInit.userData", spec -> userData(spec, "é".repeat(32_769))),
                row("spec.vm.cloudInit.userData", spec -> userData(spec, "u".repeat(1 << 20))),
                row(
                        "spec.vm.cloudInit.networkConfig",
                        spec -> spec.getVmBuilder()
                                .setCloudInit(CloudInit.newBuilder().setNetworkConfig("n".repeat(65_537)))),
                row(
                        "spec.vm.stop.graceSeconds",
                        spec -> spec.getVmBuilder().getStopBuilder().setGraceSeconds(3_601)),
                row(
                        "spec.vm.stop.graceSeconds",
                        spec -> spec.getVmBuilder().getStopBuilder().setGraceSeconds(-1)));
    }

    private static Stream<Arguments> boot() {
        return Stream.of(
                row("spec.vm.boot", spec -> spec.getVmBuilder().clearBoot()),
                row(
                        "spec.vm.boot",
                        spec -> spec.getVmBuilder()
                                .getBootBuilder()
                                .setKernel(ImageSource.newBuilder().setFile("k"))),
                row("spec.vm.boot.image", spec -> image(spec).clearSource()),
                row(
                        "spec.vm.boot.kernel",
                        spec -> kernel(spec).getBootBuilder().getKernelBuilder().clearSource()),
                row("spec.vm.boot.initrd", spec -> kernel(spec).getBootBuilder().getInitrdBuilder()),
                row(
                        "spec.vm.boot.initrd",
                        spec -> spec.getVmBuilder()
                                .getBootBuilder()
                                .getInitrdBuilder()
                                .setFile("i")),
                row(
                        "spec.vm.boot.cmdline",
                        spec -> spec.getVmBuilder().getBootBuilder().setCmdline("quiet")),
                row(
                        "spec.vm.boot.cmdline",
                        spec -> kernel(spec).getBootBuilder().setCmdline("c".repeat(2_048))),
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("")),
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("..")),
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("../a")),
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("a/../../b")),
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("/pool/../etc/passwd")),
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("p".repeat(1_025))),
                row(
                        "spec.vm.boot.kernel.file",
                        spec -> kernel(spec).getBootBuilder().getKernelBuilder().setFile("a/..")),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec).setUrl("ftp://h/a").setSha256(DIGEST)),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec).setUrl("file:///etc/passwd").setSha256(DIGEST)),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec).setUrl("https://").setSha256(DIGEST)),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec).setUrl("https://h/a b").setSha256(DIGEST)),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec).setUrl("https://h/\n").setSha256(DIGEST)),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec)
                                .setUrl("https://" + "x".repeat(1_001))
                                .setSha256(DIGEST)),
                row("spec.vm.boot.image.sha256", spec -> image(spec).setUrl("https://h/a")),
                row("spec.vm.boot.image.sha256", spec -> image(spec).setSha256(DIGEST.substring(1))),
                row("spec.vm.boot.image.sha256", spec -> image(spec).setSha256(DIGEST + "0")),
                row("spec.vm.boot.image.sha256", spec -> image(spec).setSha256("G" + DIGEST.substring(1))),
                row("spec.vm.boot.image.sha256", spec -> image(spec).setSha256(DIGEST.substring(1) + "\n")));
    }

    /** What could forge a line of a log or a terminal, or end a string early. */
    private static Stream<Arguments> controlCharacter(String control) {
        return Stream.of(
                row("spec.vm.boot.image.file", spec -> image(spec).setFile("a" + control + "b")),
                row(
                        "spec.vm.boot.kernel.file",
                        spec -> kernel(spec).getBootBuilder().getKernelBuilder().setFile(control)),
                row(
                        "spec.vm.boot.cmdline",
                        spec -> kernel(spec).getBootBuilder().setCmdline("quiet" + control)),
                row(
                        "spec.vm.boot.image.url",
                        spec -> image(spec).setUrl("https://h/" + control).setSha256(DIGEST)),
                row("metadata.labels.k", spec -> spec.putLabels("k", "v" + control)));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @MethodSource("refused")
    void isRefusedByNameOfTheFieldWithAFix(String field, Consumer<JobSpec.Builder> change) {
        JobSpec.Builder spec = good().toBuilder();
        change.accept(spec);
        KelpieException refusal =
                catchThrowableOfType(KelpieException.class, () -> JobSpecValidator.check(spec.build()));
        assertThat(refusal).isNotNull();
        assertThat(refusal.reason()).isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
        assertThat(refusal.metadata()).containsEntry("field", field);
        assertThat(refusal.metadata().get("fix")).isNotBlank();
        assertThat(refusal).hasMessageStartingWith(field + ": ").hasMessageContaining(". Fix: ");
        assertThat(refusal.getMessage())
                .hasSizeLessThan(400)
                .doesNotContainPattern("\\p{Cntrl}|[\\u2028\\u2029\\u202e\\u2066]");
    }

    @Test
    void replicasOfAScaleAreNamedAsTheCallerNamesThem() {
        KelpieException refusal =
                catchThrowableOfType(KelpieException.class, () -> JobSpecValidator.replicas("replicas", 0));
        assertThat(refusal).hasMessage("replicas: 0 is out of range. Fix: give 1 to 10000");
    }

    private static Arguments row(String what, Consumer<JobSpec.Builder> change) {
        return Arguments.of(what, change);
    }

    private static void labels(JobSpec.Builder spec, int count) {
        IntStream.range(0, count).forEach(i -> spec.putLabels("k" + i, "v"));
    }

    private static void requirements(JobSpec.Builder spec, int count, int values) {
        LabelRequirement requirement = LabelRequirement.newBuilder()
                .setLabel("k")
                .addAllIn(Collections.nCopies(values, "v"))
                .build();
        spec.getPlacementBuilder().addAllRequire(Collections.nCopies(count, requirement));
    }

    private static LabelPreference preference(String label, int weight) {
        return LabelPreference.newBuilder()
                .setLabel(label)
                .addIn("v")
                .setWeight(weight)
                .build();
    }

    private static SpreadRule spread(String by, int maxSkew) {
        return SpreadRule.newBuilder().setBy(by).setMaxSkew(maxSkew).build();
    }

    private static AffinityRule affinity(String job, String by, boolean required) {
        return AffinityRule.newBuilder()
                .setJob(job)
                .setBy(by)
                .setRequired(required)
                .build();
    }

    private static void partitions(JobSpec.Builder spec, int count) {
        spec.getPlacementBuilder()
                .setPartitions(Partitions.newBuilder().setCount(count).setBy("rack"));
    }

    private static void rules(JobSpec.Builder spec, int count) {
        IntStream.range(0, count)
                .forEach(i -> spec.getPlacementBuilder()
                        .addPrefer(preference("k" + i, 100))
                        .addSpread(spread("k" + i, 10_000))
                        .addAffinity(affinity("a" + i, "host", true))
                        .addAntiAffinity(affinity("b" + i, "rack", true))
                        .addTolerations(Toleration.newBuilder().setKey("k" + i).setValue("v")));
    }

    private static VmTemplate.Builder numa(JobSpec.Builder spec, int nodes, int vcpus, long memoryMib) {
        return spec.getVmBuilder()
                .setVcpus(vcpus)
                .setMemoryMib(memoryMib)
                .setNuma(Numa.newBuilder().setNodes(nodes));
    }

    private static void cpu(JobSpec.Builder spec, String model) {
        spec.getVmBuilder().getCpuBuilder().setModel(model);
    }

    private static void devices(JobSpec.Builder spec, int count) {
        IntStream.range(0, count).forEach(i -> spec.getVmBuilder().addDevices(device("d" + i, 64)));
    }

    private static DeviceRequest device(String kind, int count) {
        return DeviceRequest.newBuilder().setKind(kind).setCount(count).build();
    }

    private static void disks(JobSpec.Builder spec, int count) {
        IntStream.range(0, count).forEach(i -> spec.getVmBuilder().addDisks(disk("d" + i)));
    }

    private static DataDisk disk(String name) {
        return DataDisk.newBuilder().setName(name).setSizeMib(1).build();
    }

    private static void networks(JobSpec.Builder spec, int count) {
        NetworkInterface user = NetworkInterface.newBuilder()
                .setUser(NetworkInterface.User.getDefaultInstance())
                .build();
        spec.getVmBuilder().addAllNetworks(Collections.nCopies(count, user));
    }

    private static void userData(JobSpec.Builder spec, String text) {
        spec.getVmBuilder().setCloudInit(CloudInit.newBuilder().setUserData(text));
    }

    private static ImageSource.Builder image(JobSpec.Builder spec) {
        return spec.getVmBuilder().getBootBuilder().getImageBuilder();
    }

    private static VmTemplate.Builder kernel(JobSpec.Builder spec) {
        spec.getVmBuilder().getBootBuilder().clearImage().getKernelBuilder().setFile("vmlinuz");
        return spec.getVmBuilder();
    }
}
