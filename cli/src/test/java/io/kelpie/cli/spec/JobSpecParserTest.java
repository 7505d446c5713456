package io.kelpie.cli.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.cli.testing.Samples;
import io.kelpie.common.yaml.YamlException;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.CloudInit;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DiskBus;
import io.kelpie.proto.v1.DriverChoice;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.StopPolicy;
import io.kelpie.proto.v1.VmTemplate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JobSpecParserTest {
    private static final String SHA = "0123456789abcdef".repeat(4);

    @Test
    void defaultsAreWrittenOut() {
        ParsedJob job = parse(Samples.jobFile("web"));

        assertThat(job.notes()).isEmpty();
        assertThat(job.spec())
                .isEqualTo(JobSpec.newBuilder()
                        .setName("web")
                        .setNamespace("lab")
                        .setReplicas(1)
                        .setRestart(RestartPolicy.newBuilder()
                                .setPolicy(RestartPolicy.Policy.POLICY_ON_FAILURE)
                                .setAttempts(5)
                                .setWindowSeconds(600))
                        .setPlacement(Placement.getDefaultInstance())
                        .setVm(VmTemplate.newBuilder()
                                .setVcpus(1)
                                .setMemoryMib(512)
                                .setAcceleration(Acceleration.newBuilder()
                                        .setMode(Acceleration.Mode.MODE_KVM)
                                        .setPaging(Acceleration.Paging.PAGING_HARDWARE))
                                .setBoot(Boot.newBuilder()
                                        .setKernel(ImageSource.newBuilder().setFile("vmlinuz")))
                                .setStop(StopPolicy.newBuilder().setGraceSeconds(30))
                                .setDriver(DriverChoice.DRIVER_CHOICE_AUTO))
                        .build());
    }

    @Test
    void everyKeyIsRead() {
        ParsedJob job = parse("""
                apiVersion: kelpie/v1
                kind: Job
                metadata: {name: web, namespace: shop, labels: {team: shop, "kelpie.io/tier": "1"}}
                spec:
                  replicas: 3
                  priority: 0
                  maxUnavailable: 2
                  restart: {policy: always, attempts: 7, window: 1h}
                  onHostFailure: leave
                  placement:
                    require: [{label: disk, in: [ssd, nvme]}, {label: zone, in: [a]}]
                  vm:
                    vcpus: 2
                    memory: 2Gi
                    hugepages: none
                    acceleration: {mode: any, paging: any}
                    boot:
                      image: {url: "https://images.example/debian.qcow2", sha256: %s}
                      kernel: {file: /images/vmlinuz, sha256: %s}
                      initrd: {file: initrd.img}
                      cmdline: "console=ttyS0 quiet"
                    root: {size: 10Gi, keep: true, pool: fast}
                    disks:
                      - {name: data, size: 20Gi, bus: ide, pool: default, keep: true}
                      - {name: tmp, size: 100Mi}
                    networks: [{user: {}, model: e1000}, {user: {}}]
                    cloudInit:
                      userData: {file: ./user-data.yaml}
                      networkConfig: |
                        version: 2
                    stop: {graceSeconds: 0}
                    driver: libvirt
                status: {version: 4, anything: [at, all]}
                """.formatted(SHA.toUpperCase(java.util.Locale.ROOT), SHA));

        assertThat(job.notes())
                .containsExactly("disk 'tmp' has no 'keep': it is empty again at each start; keep: true keeps it");
        assertThat(job.spec())
                .isEqualTo(JobSpec.newBuilder()
                        .setName("web")
                        .setNamespace("shop")
                        .putLabels("team", "shop")
                        .putLabels("kelpie.io/tier", "1")
                        .setReplicas(3)
                        .setPriority(0)
                        .setMaxUnavailable(2)
                        .setRestart(RestartPolicy.newBuilder()
                                .setPolicy(RestartPolicy.Policy.POLICY_ALWAYS)
                                .setAttempts(7)
                                .setWindowSeconds(3600))
                        .setOnHostFailure(OnHostFailure.ON_HOST_FAILURE_LEAVE)
                        .setPlacement(Placement.newBuilder()
                                .addRequire(LabelRequirement.newBuilder()
                                        .setLabel("disk")
                                        .addIn("ssd")
                                        .addIn("nvme"))
                                .addRequire(LabelRequirement.newBuilder()
                                        .setLabel("zone")
                                        .addIn("a")))
                        .setVm(VmTemplate.newBuilder()
                                .setVcpus(2)
                                .setMemoryMib(2048)
                                .setHugepages(Hugepages.HUGEPAGES_NONE)
                                .setAcceleration(Acceleration.newBuilder()
                                        .setMode(Acceleration.Mode.MODE_ANY)
                                        .setPaging(Acceleration.Paging.PAGING_ANY))
                                .setBoot(Boot.newBuilder()
                                        .setImage(ImageSource.newBuilder()
                                                .setUrl("https://images.example/debian.qcow2")
                                                .setSha256(SHA))
                                        .setKernel(ImageSource.newBuilder()
                                                .setFile("/images/vmlinuz")
                                                .setSha256(SHA))
                                        .setInitrd(ImageSource.newBuilder().setFile("initrd.img"))
                                        .setCmdline("console=ttyS0 quiet"))
                                .setRoot(RootDisk.newBuilder()
                                        .setSizeMib(10 * 1024)
                                        .setKeep(true)
                                        .setPool("fast"))
                                .addDisks(DataDisk.newBuilder()
                                        .setName("data")
                                        .setSizeMib(20 * 1024)
                                        .setBus(DiskBus.DISK_BUS_IDE)
                                        .setPool("default")
                                        .setKeep(true))
                                .addDisks(DataDisk.newBuilder()
                                        .setName("tmp")
                                        .setSizeMib(100)
                                        .setBus(DiskBus.DISK_BUS_VIRTIO)
                                        .setPool("default"))
                                .addNetworks(nic(NetworkInterface.Model.MODEL_E1000))
                                .addNetworks(nic(NetworkInterface.Model.MODEL_VIRTIO))
                                .setCloudInit(CloudInit.newBuilder()
                                        .setUserData("#cloud-config\n")
                                        .setNetworkConfig("version: 2\n"))
                                .setStop(StopPolicy.newBuilder().setGraceSeconds(0))
                                .setDriver(DriverChoice.DRIVER_CHOICE_LIBVIRT))
                        .build());
    }

    private static NetworkInterface nic(NetworkInterface.Model model) {
        return NetworkInterface.newBuilder()
                .setUser(NetworkInterface.User.getDefaultInstance())
                .setModel(model)
                .build();
    }

    /** From what in {@link #FULL}, to what, the field at fault, the problem, the fix. */
    static Stream<Arguments> badInputs() {
        return Stream.of(
                // keys
                bad("vcpus: 2", "vcpsu: 2", "spec.vm.vcpsu", "unknown key", "did you mean 'vcpus'?"),
                bad("replicas: 3", "onDrain: stop", "spec.onDrain", "does not support the key yet", "remove it"),
                bad("replicas: 3", "priority: -1", "spec.priority", "-1 is out of range", "give 0 to 100"),
                bad("replicas: 3", "priority: 101", "spec.priority", "101 is out of range", "give 0 to 100"),
                bad("replicas: 3", "priority: high", "spec.priority", "'high' is not a whole", "give 0 to 100"),
                bad("replicas: 3", "maxUnavailable: 0", "spec.maxUnavailable", "0 is out", "give 1 to 10000"),
                bad("replicas: 3", "maxUnavailable: 50%", "spec.maxUnavailable", "'50%' is not", "give 1 to 10000"),
                bad("label: disk, in", "label: disk, on", "spec.placement.require[0].in", "no value", "at least one"),
                bad(
                        "replicas: 3",
                        "onHostFailure: restrat",
                        "spec.onHostFailure",
                        "is not known",
                        "did you mean 'restart'? It can be restart, leave"),
                bad(
                        "replicas: 3",
                        "onHostFailure: true",
                        "spec.onHostFailure",
                        "'true' is not known",
                        "give one of restart, leave"),
                bad("replicas: 3", "onHostFailure: [leave]", "spec.onHostFailure", "is not a single value", "write"),
                bad(
                        "replicas: 3",
                        "onHostFailur: leave",
                        "spec.onHostFailur",
                        "unknown key",
                        "did you mean 'onHostFailure'?"),
                bad("vcpus: 2", "console: {vnc: true}", "spec.vm.console", "does not support", "remove it"),
                bad("vcpus: 2", "numa: {nodes: 2}", "spec.vm.vcpus", "1 cannot be divided", "a multiple of 2"),
                bad("user: {}", "bridge: br0", "spec.vm.networks[0].bridge", "does not support", "remove it"),
                bad(
                        "apiVersion: kelpie/v1",
                        "apiVersion: kelpie/v2",
                        "apiVersion",
                        "'kelpie/v2' is not known",
                        "give kelpie/v1"),
                bad("kind: Job", "kind: Pod", "kind", "'Pod' is not known", "give Job"),
                bad("replicas: 3", "replicas: 3\n  replicas: 4", "spec.replicas", "stands twice", "keep one"),
                // numbers and sizes
                bad("memory: 2Gi", "memory: 0", "spec.vm.memory", "'0' is not a size", "Mi, Gi or Ti"),
                bad("memory: 2Gi", "memory: -1", "spec.vm.memory", "'-1' is not a size", "Mi, Gi or Ti"),
                bad("memory: 2Gi", "memory: 2GB5", "spec.vm.memory", "'2GB5' is not a size", "Mi, Gi or Ti"),
                bad("memory: 2Gi", "memory: 2G", "spec.vm.memory", "'2G' is not a size", "Mi, Gi or Ti"),
                bad("memory: 2Gi", "memory:", "spec.vm.memory", "is required", "add 'memory: …'"),
                bad("replicas: 3", "replicas: 0", "spec.replicas", "0 is out of range", "give 1 to 10000"),
                bad("replicas: 3", "replicas: 10001", "spec.replicas", "10001 is out of range", "give 1 to 10000"),
                bad(
                        "replicas: 3",
                        "replicas: many",
                        "spec.replicas",
                        "'many' is not a whole number",
                        "give 1 to 10000"),
                bad("vcpus: 2", "vcpus: 0", "spec.vm.vcpus", "0 is out of range", "give 1 to 512"),
                bad("vcpus: 2", "vcpus: 513", "spec.vm.vcpus", "513 is out of range", "give 1 to 512"),
                bad("attempts: 5", "attempts: 0", "spec.restart.attempts", "out of range", "give 1 to 100"),
                bad(
                        "window: 10m",
                        "window: 10",
                        "spec.restart.window",
                        "'10' is not a duration",
                        "give a whole number"),
                bad("window: 10m", "window: 0s", "spec.restart.window", "'0s' is out of range", "give 1s to"),
                bad(
                        "policy: on-failure",
                        "policy: sometimes",
                        "spec.restart.policy",
                        "'sometimes' is not known",
                        "on-failure, always, never"),
                bad("mode: kvm", "mode: kvn", "spec.vm.acceleration.mode", "'kvn' is not known", "did you mean 'kvm'?"),
                bad(
                        "graceSeconds: 30",
                        "graceSeconds: 3601",
                        "spec.vm.stop.graceSeconds",
                        "out of range",
                        "give 0 to 3600"),
                // names
                bad("name: web,", "name: ../web,", "metadata.name", "'../web' is not a name", "1 to 56 of a-z"),
                bad("name: web,", "name: my web,", "metadata.name", "'my web' is not a name", "1 to 56"),
                bad("name: web,", "name: " + "a".repeat(57) + ",", "metadata.name", "is not a name", "1 to 56"),
                bad("name: web,", "name: \"a,b\",", "metadata.name", "'a,b' is not a name", "1 to 56"),
                bad("name: web,", "name: \"a\\nb\",", "metadata.name", "'a\\nb' is not a name", "1 to 56"),
                bad(
                        "name: web,",
                        "name: \"\uD83D\uDC34\",",
                        "metadata.name",
                        "'\uD83D\uDC34' is not a name",
                        "1 to 56"),
                bad("name: web,", "name: '',", "metadata.name", "'' is not a name", "1 to 56"),
                bad("name: web,", "name: Web,", "metadata.name", "'Web' is not a name", "1 to 56"),
                bad("name: web,", "name: web-,", "metadata.name", "'web-' is not a name", "1 to 56"),
                bad("name: web,", "name: [web],", "metadata.name", "is not a single value", "write 'name: value'"),
                bad(
                        "namespace: shop",
                        "namespace: ../shop",
                        "metadata.namespace",
                        "'../shop' is not a name",
                        "1 to 56"),
                bad("pool: default", "pool: ../x", "spec.vm.disks[0].pool", "'../x' is not a name", "1 to 56"),
                bad("team: shop", "te am: shop", "metadata.labels", "'te am' is not a label's key", "1 to 63"),
                bad("team: shop", "team: a b", "metadata.labels.team", "'a b' is not a label's value", "1 to 63"),
                bad("team: shop", "team: ''", "metadata.labels.team", "'' is not a label's value", "1 to 63"),
                bad(
                        "team: shop",
                        "team: \"a\\nb\"",
                        "metadata.labels.team",
                        "'a\\nb' is not a label's value",
                        "1 to 63"),
                bad(
                        "in: [ssd]",
                        "in: [ssd, 'a=b']",
                        "spec.placement.require[0].in[1]",
                        "'a=b' is not a label's value",
                        "1 to 63"),
                bad("in: [ssd]", "in: []", "spec.placement.require[0].in", "no value is accepted", "at least one"),
                // disks
                bad(
                        "name: logs",
                        "name: data",
                        "spec.vm.disks[1].name",
                        "another disk of the VM is called 'data'",
                        "a name of its own"),
                bad(
                        "name: logs",
                        "name: root",
                        "spec.vm.disks[1].name",
                        "another disk of the VM is called 'root'",
                        "a name of its own"),
                bad("name: logs", "name: " + "a".repeat(21), "spec.vm.disks[1].name", "too long", "20 characters"),
                bad("bus: virtio", "bus: scsi", "spec.vm.disks[0].bus", "'scsi' is not known", "virtio, ide"),
                bad(
                        "keep: true",
                        "keep: yes",
                        "spec.vm.disks[0].keep",
                        "'yes' is neither true nor false",
                        "give true or false"),
                bad("root: {size: 10Gi}", "driver: auto", "spec.vm.root", "is required with boot.image", "add root"),
                // boot
                bad(
                        "image: {file: debian.qcow2}",
                        "cmdline: x",
                        "spec.vm.boot.image",
                        "nothing to boot",
                        "an image or a kernel"),
                bad(
                        "file: debian.qcow2",
                        "name: debian-13",
                        "spec.vm.boot.image.name",
                        "does not support",
                        "remove it"),
                bad(
                        "file: debian.qcow2",
                        "url: ftp://x/y",
                        "spec.vm.boot.image.url",
                        "not an http or https URL",
                        "give http"),
                bad(
                        "file: debian.qcow2",
                        "url: http://x/y",
                        "spec.vm.boot.image.sha256",
                        "required with a url",
                        "64 hexadecimal"),
                bad(
                        "file: debian.qcow2",
                        "file: a, sha256: abc",
                        "spec.vm.boot.image.sha256",
                        "'abc' is not a digest",
                        "64 hexadecimal"),
                bad(
                        "file: debian.qcow2",
                        "file: a, url: http://x/y",
                        "spec.vm.boot.image.url",
                        "a file already",
                        "keep one"),
                bad(
                        "file: debian.qcow2}",
                        "file: a}, initrd: {file: b}",
                        "spec.vm.boot.initrd",
                        "needs a kernel",
                        "boot.kernel"),
                bad(
                        "file: debian.qcow2}",
                        "file: a}, cmdline: quiet",
                        "spec.vm.boot.cmdline",
                        "needs a kernel",
                        "boot.kernel"),
                // networks
                bad(
                        "user: {}",
                        "model: virtio",
                        "spec.vm.networks[0].user",
                        "connected to nothing",
                        "write 'user: {}'"),
                bad("user: {}", "user: {mtu: 9000}", "spec.vm.networks[0].user.mtu", "unknown key", "known keys are"),
                // cloud-init
                bad(
                        "file: user-data",
                        "file: missing",
                        "spec.vm.cloudInit.userData.file",
                        "no file 'missing'",
                        "relative to the job file"),
                bad(
                        "file: user-data",
                        "file: broken",
                        "spec.vm.cloudInit.userData.file",
                        "cannot be read",
                        "readable file"),
                bad(
                        "file: user-data",
                        "file: one-mib",
                        "spec.vm.cloudInit.userData.file",
                        "larger than 64 KiB",
                        "shorten it"),
                bad("file: user-data", "file: binary", "spec.vm.cloudInit.userData.file", "not UTF-8", "plain text"),
                bad(
                        "file: user-data",
                        "inline: \"" + "x".repeat(65_537) + "\"",
                        "spec.vm.cloudInit.userData.inline",
                        "larger than 64 KiB",
                        "shorten it"),
                bad(
                        "{file: user-data}",
                        "./user-data.yaml",
                        "spec.vm.cloudInit.userData",
                        "a path or a text",
                        "{file: PATH}"),
                bad(
                        "{file: user-data}",
                        "{}",
                        "spec.vm.cloudInit.userData.file",
                        "no text is given",
                        "give file: PATH"),
                // the whole
                bad(
                        "file: debian.qcow2}",
                        "file: a}, kernel: {file: b}, cmdline: " + "x".repeat(300 * 1024),
                        "spec",
                        "the job has 30",
                        "shorten it to 256 KiB"),
                bad("{user: {}}", repeat(17, "{user: {}}"), "spec.vm.networks", "17 entries", "give at most 16"),
                bad("{name: logs, size: 1Gi}", disks(33), "spec.vm.disks", "34 entries", "give at most 32"),
                bad("team: shop", labels(65), "metadata.labels", "65 entries", "give at most 64"));
    }

    private static final String FULL = """
            apiVersion: kelpie/v1
            kind: Job
            metadata: {name: web, namespace: shop, labels: {team: shop}}
            spec:
              replicas: 3
              restart: {policy: on-failure, attempts: 5, window: 10m}
              placement: {require: [{label: disk, in: [ssd]}]}
              vm:
                vcpus: 2
                memory: 2Gi
                acceleration: {mode: kvm}
                boot: {image: {file: debian.qcow2}}
                root: {size: 10Gi}
                disks: [{name: data, size: 1Gi, bus: virtio, pool: default, keep: true}, {name: logs, size: 1Gi}]
                networks: [{user: {}}]
                cloudInit: {userData: {file: user-data}}
                stop: {graceSeconds: 30}
            """;

    @ParameterizedTest(name = "{2}: {3}")
    @MethodSource("badInputs")
    void badInputIsRefusedByFieldWithItsPlaceAndAFix(String from, String to, String field, String problem, String fix) {
        assertThat(FULL).contains(from);
        String text = FULL.replace(from, to);

        assertThatThrownBy(() -> parse(text)).isInstanceOfSatisfying(YamlException.class, e -> {
            assertThat(e.problem())
                    .matches("(?s)job\\.yaml:\\d+:\\d+: .*")
                    .contains(": " + field + ": ")
                    .contains(problem);
            assertThat(e.fix()).contains(fix);
            assertThat(e.getMessage()).hasSizeLessThan(500).doesNotContain("\n");
        });
    }

    @Test
    void theUnchangedFileIsGood() {
        assertThat(parse(FULL).spec().getReplicas()).isEqualTo(3);
    }

    @Test
    void theNamespaceMayNotContradictTheCommandLine() {
        JobSpecParser parser = new JobSpecParser("lab", "lab", JobSpecParserTest::read);

        assertThatThrownBy(() -> parser.parse("job.yaml", FULL))
                .hasMessageContaining("metadata.namespace: the file says shop, the command line 'lab'");
        assertThat(new JobSpecParser("shop", "shop", JobSpecParserTest::read).parse("job.yaml", FULL))
                .hasSize(1);
    }

    @Test
    void aHugeFileIsRefusedBeforeItIsRead() {
        assertThatThrownBy(() -> parse("# " + "x".repeat(5 * 1024 * 1024)))
                .hasMessage("job.yaml: the file is larger than 4 MiB. Fix: shorten or divide it");
    }

    private static ParsedJob parse(String text) {
        List<ParsedJob> jobs = new JobSpecParser(null, "lab", JobSpecParserTest::read).parse("job.yaml", text);
        assertThat(jobs).hasSize(1);
        return jobs.get(0);
    }

    private static byte[] read(String path, int maxBytes) throws IOException {
        byte[] content = switch (path) {
            case "user-data", "./user-data.yaml" -> "#cloud-config\n".getBytes(StandardCharsets.UTF_8);
            case "one-mib" -> new byte[1024 * 1024];
            case "binary" -> new byte[] {0x1f, (byte) 0x8b, 8};
            case "broken" -> throw new IOException("Is a directory");
            default -> throw new NoSuchFileException(path);
        };
        return Arrays.copyOf(content, Math.min(content.length, maxBytes + 1));
    }

    private static Arguments bad(String from, String to, String field, String problem, @Nullable String fix) {
        return Arguments.of(from, to, field, problem, fix);
    }

    private static String repeat(int count, String text) {
        return IntStream.range(0, count).mapToObj(i -> text).collect(Collectors.joining(", "));
    }

    private static String disks(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "{name: d" + i + ", size: 1Gi, keep: true}")
                .collect(Collectors.joining(", "));
    }

    private static String labels(int count) {
        return IntStream.range(0, count).mapToObj(i -> "l" + i + ": x").collect(Collectors.joining(", "));
    }
}
