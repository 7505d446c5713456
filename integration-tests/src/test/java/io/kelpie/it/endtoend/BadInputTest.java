package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.it.cluster.BootSector;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.LocalCluster.Output;
import io.kelpie.it.cluster.Ports;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.CloudInit;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetJobRequest;
import io.kelpie.proto.v1.GetVmRequest;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.ImageSource;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.LabelRequirement;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.PlanJobRequest;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.RebalanceGoal;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RootDisk;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.VmTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bad input: a clear error that names the field and the fix, nothing stored, nothing crashed. After every row the
 * cluster must be as empty as before, its controller the same process, and no log may speak of a defect.
 */
@Tag("real")
class BadInputTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /** A job that would run: each row spoils one thing. */
    private static final String GOOD = """
            apiVersion: kelpie/v1
            kind: Job
            metadata: {name: web}
            spec:
              replicas: 1
              restart: {policy: never}
              vm:
                vcpus: 1
                memory: 16Mi
                acceleration: {mode: tcg}
                boot: {image: {file: boot.img}}
                root: {size: 1Mi, keep: false}
                stop: {graceSeconds: 0}
            """;

    private static final JobSpec GOOD_SPEC = JobSpec.newBuilder()
            .setName("web")
            .setNamespace("default")
            .setReplicas(1)
            .setVm(VmTemplate.newBuilder()
                    .setVcpus(1)
                    .setMemoryMib(16)
                    .setAcceleration(Acceleration.newBuilder().setMode(Acceleration.Mode.MODE_TCG))
                    .setBoot(Boot.newBuilder().setImage(ImageSource.newBuilder().setFile("boot.img")))
                    .setRoot(RootDisk.newBuilder().setSizeMib(1)))
            .build();

    @TempDir
    private static Path folder;

    private static LocalCluster cluster;
    private static ManagedChannel channel;
    private static JobServiceGrpc.JobServiceBlockingStub jobs;
    private static HostServiceGrpc.HostServiceBlockingStub hosts;
    private static ClusterServiceGrpc.ClusterServiceBlockingStub clusterCalls;
    private static VmServiceGrpc.VmServiceBlockingStub vms;
    private static long controllerPid;
    private static long agentPid;

    @BeforeAll
    static void start() throws Exception {
        cluster = LocalCluster.in(folder.resolve("k"))
                .agents(1)
                .drivers("qemu", "fake")
                .capacity(2, "512Mi")
                .start();
        channel = NettyChannelBuilder.forTarget(cluster.controller(0).address())
                .usePlaintext()
                .maxInboundMessageSize(16 << 20)
                .build();
        jobs = JobServiceGrpc.newBlockingStub(channel);
        hosts = HostServiceGrpc.newBlockingStub(channel);
        clusterCalls = ClusterServiceGrpc.newBlockingStub(channel);
        vms = VmServiceGrpc.newBlockingStub(channel);
        controllerPid = cluster.controller(0).process().pid();
        agentPid = cluster.agent(0).process().pid();
        BootSector.writeTo(pool().resolve("boot.img"));
    }

    @AfterAll
    static void end() throws Exception {
        if (channel != null) {
            channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @AfterEach
    void nothingIsStoredAndNothingHasCrashed() throws IOException {
        List<Job> left = jobs.listJobs(ListJobsRequest.getDefaultInstance()).getJobsList();
        left.forEach(job -> delete(job.getSpec().getName()));
        assertThat(left).isEmpty();
        assertThat(vms.listVms(ListVmsRequest.getDefaultInstance()).getVmsList())
                .isEmpty();
        assertLives(cluster.controller(0).process(), controllerPid);
        assertLives(cluster.agent(0).process(), agentPid);
    }

    private static void assertLives(ServerProcess process, long pid) throws IOException {
        assertThat(process.isAlive()).isTrue();
        assertThat(process.pid()).isEqualTo(pid);
        assertThat(Files.readString(process.log()).toLowerCase(Locale.ROOT).lines())
                .filteredOn(line -> line.contains("defect"))
                .isEmpty();
    }

    // What the command line refuses by itself.

    static Stream<Arguments> badJobFiles() {
        String disks = "    disks: [{name: data, size: 1Mi}, {name: data, size: 1Mi}]\n";
        return Stream.of(
                        file("an unknown key", replace("vcpus: 1", "vcpu: 1"), "spec.vm.vcpu", "did you mean 'vcpus'?")
                                .at(8, 5),
                        file("no memory", replace("16Mi", "0"), "spec.vm.memory", "2Gi")
                                .at(9, 13),
                        file("negative memory", replace("16Mi", "-1"), "spec.vm.memory", "2Gi")
                                .at(9, 13),
                        file("a size that is none", replace("16Mi", "2GB5"), "spec.vm.memory", "2Gi")
                                .at(9, 13),
                        file("no replicas", replace("replicas: 1", "replicas: 0"), "spec.replicas", "1 to 10000")
                                .at(5, 13),
                        file("many replicas", replace("replicas: 1", "replicas: 10001"), "spec.replicas", "1 to 10000")
                                .at(5, 13),
                        file("two disks of a name", text -> text + disks, "spec.vm.disks[1].name", "name"),
                        file("a name that climbs", name("../web"), "metadata.name", "1 to 56")
                                .at(3, 18),
                        file("a name with a space", name("a web"), "metadata.name", "1 to 56")
                                .at(3, 18),
                        file("a name of 57", name("a".repeat(57)), "metadata.name", "1 to 56")
                                .at(3, 18),
                        file("a name with a comma", name("a,web"), "metadata.name", "1 to 56")
                                .at(3, 18),
                        file("a name of two lines", name("a\\nweb"), "metadata.name", "1 to 56")
                                .at(3, 18),
                        file("a smiling name", name("web😀"), "metadata.name", "1 to 56")
                                .at(3, 18),
                        file(
                                        "a label with a space",
                                        replace("{name: web}", "{name: web, labels: {team: a b}}"),
                                        "metadata.labels.team",
                                        "1 to 63")
                                .at(3, 38),
                        file("a high priority", beside("priority: 101"), "spec.priority", "0 to 100"),
                        file("none available", beside("maxUnavailable: 0"), "spec.maxUnavailable", "1 to 10000"),
                        placed("tolerations: [{value: a}]", "tolerations[0].key", "add"),
                        placed("tolerations: [{key: a, value: \"b\\nc\"}]", "tolerations[0].value", "1 to 63"),
                        placed("tolerations: [{key: a, value: b c}]", "tolerations[0].value", "1 to 63"),
                        placed("require: [{label: disk, in: [ssd, a=b]}]", "require[0].in[1]", "1 to 63")
                                .at(6, 49),
                        placed("prefer: [{label: disk, in: ['']}]", "prefer[0].in[0]", "1 to 63"),
                        placed("prefer: [{label: a, in: [b], weight: 0}]", "prefer[0].weight", "1 to 100"),
                        placed("spread: [{by: rack, maxSkew: 0}]", "spread[0].maxSkew", "1 to 10000"),
                        placed("affinity: [{job: a, by: host}]", "affinity[0].required", "add"),
                        placed("antiAffinity: [{job: a, required: true}]", "antiAffinity[0].by", "add"),
                        placed("partitions: {count: 1, by: rack}", "partitions.count", "2 to 10000"),
                        placed("antiAfinity: []", "antiAfinity", "did you mean 'antiAffinity'?"),
                        equipped("hugepages: 3Mi", "hugepages", "2Mi"),
                        equipped("numa: {nodes: 9}", "numa.nodes", "1 to 8"),
                        equipped("cpu: {model: 'host,+vmx'}", "cpu.model", "host-passthrough"),
                        equipped("cpu: {nested: often}", "cpu.nested", "true or false"),
                        equipped("devices: [{kind: gpu, count: 65}]", "devices[0].count", "1 to 64"),
                        equipped("devices: [{kind: ../gpu}]", "devices[0].kind", "1 to 56"),
                        file(
                                "user data of 1 MiB",
                                text -> text + "    cloudInit:\n      userData: |\n        #cloud-config\n"
                                        + "        # 0123456789abcdef\n".repeat(62_000),
                                "spec.vm.cloudInit.userData",
                                "shorten"),
                        file(
                                "a spec of 300 KiB",
                                text -> text + "# 0123456789abcdef0123456789abcdef\n".repeat(300 * 1024 / 34),
                                "spec",
                                "256 KiB"))
                .map(row -> Arguments.of(row.what(), row));
    }

    /**
     * A bad job file.
     *
     * @param at {@code line:column} of the error; empty: anywhere
     */
    private record BadFile(String what, UnaryOperator<String> spoil, String field, String fix, String at) {
        BadFile at(int line, int column) {
            return new BadFile(what, spoil, field, fix, line + ":" + column);
        }
    }

    private static BadFile file(String what, UnaryOperator<String> spoil, String field, String fix) {
        return new BadFile(what, spoil, field, fix, "");
    }

    /** A key below {@code spec.placement}. */
    private static BadFile placed(String rule, String field, String fix) {
        return file(rule, beside("placement: {" + rule + "}"), "spec.placement." + field, fix);
    }

    /** A key below {@code spec.vm}. */
    private static BadFile equipped(String key, String field, String fix) {
        return file(key, replace("vcpus: 1", "vcpus: 1\n    " + key), "spec.vm." + field, fix);
    }

    /** A key below {@code spec}. */
    private static UnaryOperator<String> beside(String key) {
        return replace("replicas: 1", "replicas: 1\n  " + key);
    }

    private static UnaryOperator<String> replace(String good, String bad) {
        return text -> {
            assertThat(text).contains(good);
            return text.replace(good, bad);
        };
    }

    private static UnaryOperator<String> name(String name) {
        return replace("name: web", "name: \"" + name + "\"");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badJobFiles")
    void aBadJobFileIsRefusedAtItsPlace(String what, BadFile bad) throws Exception {
        Path file = write("bad.yaml", bad.spoil().apply(GOOD));
        for (String command : List.of("apply", "plan")) {
            Output output = cluster.kelpie(command, "-f", file.toString());
            assertThat(output.exitCode()).as(output.toString()).isEqualTo(2);
            assertThat(output.stdout()).isEmpty();
            assertThat(output.stderr()).contains(file + ":" + bad.at(), bad.field() + ": ");
            assertThat(output.stderr().lines().toList())
                    .hasSize(2)
                    .anySatisfy(line -> assertThat(line).startsWith("fix: ").contains(bad.fix()));
        }
    }

    static Stream<Arguments> badPlanningCommands() {
        return Stream.of(
                        Arguments.of("plan", "--file"),
                        Arguments.of("plan -f nowhere.yaml", "nowhere.yaml"),
                        Arguments.of("explain host h1 --live", "host"),
                        Arguments.of("drain", "HOST"),
                        Arguments.of("drain h1 --at-once -1", "--at-once"),
                        Arguments.of("drain h1 --at-once 101 --dry-run", "--at-once"),
                        Arguments.of("drain h1 --at-once many", "--at-once"),
                        Arguments.of("drain h1 --dry-run --wait", "--wait"),
                        Arguments.of("capacity", "--flavor"),
                        Arguments.of("capacity --flavor 4", "4"),
                        Arguments.of("capacity --flavor 0x1Gi", "0x1Gi"),
                        Arguments.of("capacity --flavor 4x8GB", "4x8GB"),
                        Arguments.of("capacity --flavor 600x1Gi", "vcpus"),
                        Arguments.of("capacity --flavor 1x99Ti", "memory_mib"),
                        Arguments.of("capacity --flavor 3x1Gi --numa 2", "vcpus"),
                        Arguments.of("capacity --flavor 1x1Mi --hugepages 2Mi", "memory_mib"),
                        Arguments.of("capacity --flavor 1x1Gi --numa 9", "--numa"),
                        Arguments.of("capacity --flavor 1x1Gi --hugepages 3Mi", "--hugepages"),
                        Arguments.of("capacity --flavor 1x1Gi --acceleration xen", "--acceleration"),
                        Arguments.of("capacity --flavor 1x1Gi --device ../gpu=1", "devices[0].kind"),
                        Arguments.of("capacity --flavor 1x1Gi --device gpu=65", "devices[0].count"),
                        Arguments.of("capacity --flavor 1x1Gi --device gpu=0", "--device"),
                        Arguments.of("capacity --flavor 1x1Gi -l disk=", "labels.disk"),
                        Arguments.of("capacity --flavor 1x1Gi --lose 1001", "--lose"),
                        Arguments.of("capacity --flavor 1x1Gi --lose 1 --by a\nb", "by"),
                        Arguments.of("rebalance --goal even", "--dry-run"),
                        Arguments.of("rebalance --dry-run", "--goal"),
                        Arguments.of("rebalance --dry-run --goal odd", "--goal"),
                        Arguments.of("rebalance --apply --dry-run --goal even", "--apply"),
                        Arguments.of("rebalance --apply --goal even --max-moves 1001", "--max-moves"),
                        Arguments.of("rebalance --apply --goal even --at-once -1", "--at-once"),
                        Arguments.of("rebalance --dry-run --goal even --wait", "--wait"),
                        Arguments.of("rebalance --stop --goal even", "--stop"),
                        Arguments.of("rebalance --apply --goal even --wait --timeout soon", "--timeout"),
                        Arguments.of("capacity --flavor 1x1Gi -o csv", "--output"),
                        Arguments.of("replay --uniform 8x --count 1 --vms vms.csv", "--uniform"),
                        Arguments.of("replay --uniform 8x16 --count 1 --vms nowhere.csv", "nowhere.csv"),
                        Arguments.of("replay --uniform 8x16 --count 1 --vms vms.csv --policy random", "--policy"))
                .map(row -> Arguments.of(((String) row.get()[0]).replace('\n', '~'), row.get()[0], row.get()[1]));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badPlanningCommands")
    void aBadQuestionAboutPlacementIsRefusedByName(String what, String command, String named) throws Exception {
        Output output = cluster.kelpie(command.split(" "));
        assertThat(output.exitCode()).as(output.toString()).isEqualTo(2);
        assertThat(output.stdout()).isEmpty();
        assertThat(output.stderr()).contains(named).contains("fix: ");
    }

    // What the controller refuses, whoever asks.

    static Stream<Arguments> badSpecs() {
        return Stream.of(
                spec("no memory", "spec.vm.memory", spec -> spec.getVmBuilder().setMemoryMib(0)),
                spec(
                        "negative memory",
                        "spec.vm.memory",
                        spec -> spec.getVmBuilder().setMemoryMib(-1)),
                spec("no replicas", "spec.replicas", spec -> spec.setReplicas(0)),
                spec("many replicas", "spec.replicas", spec -> spec.setReplicas(10_001)),
                spec("negative replicas", "spec.replicas", spec -> spec.setReplicas(-1)),
                spec(
                        "two disks of a name",
                        "spec.vm.disks[1].name",
                        spec -> spec.getVmBuilder().addDisks(disk("data")).addDisks(disk("data"))),
                spec(
                        "a disk named like the root",
                        "spec.vm.disks[0].name",
                        spec -> spec.getVmBuilder().addDisks(disk("root"))),
                spec(
                        "a disk's name that climbs",
                        "spec.vm.disks[0].name",
                        spec -> spec.getVmBuilder().addDisks(disk("../data"))),
                spec(
                        "a disk's name with a comma",
                        "spec.vm.disks[0].name",
                        spec -> spec.getVmBuilder().addDisks(disk("a,file=/etc/passwd"))),
                spec("a name that climbs", "metadata.name", spec -> spec.setName("../web")),
                spec("a name with a space", "metadata.name", spec -> spec.setName("a web")),
                spec("a name of 57", "metadata.name", spec -> spec.setName("a".repeat(57))),
                spec("a name with a comma", "metadata.name", spec -> spec.setName("a,web")),
                spec("a name of two lines", "metadata.name", spec -> spec.setName("a\nweb")),
                spec("a name with a line's end", "metadata.name", spec -> spec.setName("web\n")),
                spec("a smiling name", "metadata.name", spec -> spec.setName("web😀")),
                spec("a name of 1 MiB", "metadata.name", spec -> spec.setName("é".repeat(1 << 19))),
                spec("a namespace that climbs", "metadata.namespace", spec -> spec.setNamespace("..")),
                spec("an image path that climbs", "spec.vm.boot.image.file", spec -> image(spec, "a/../../b")),
                spec("an image path of two lines", "spec.vm.boot.image.file", spec -> image(spec, "a\nb")),
                spec(
                        "no source",
                        "spec.vm.boot.image",
                        spec -> spec.getVmBuilder()
                                .getBootBuilder()
                                .getImageBuilder()
                                .clearFile()),
                spec(
                        "user data of 1 MiB",
                        "spec.vm.cloudInit.userData",
                        spec -> spec.getVmBuilder()
                                .setCloudInit(CloudInit.newBuilder().setUserData("u".repeat(1 << 20)))),
                spec("a high priority", "spec.priority", spec -> spec.setPriority(101)),
                spec("many unavailable", "spec.maxUnavailable", spec -> spec.setMaxUnavailable(10_001)),
                placement(
                        "a preference of no weight",
                        "prefer[0].weight",
                        rules -> rules.addPrefer(
                                LabelPreference.newBuilder().setLabel("zone").addIn("a"))),
                placement(
                        "a preference of no value",
                        "prefer[0].in",
                        rules -> rules.addPrefer(
                                LabelPreference.newBuilder().setLabel("zone").setWeight(1))),
                placement(
                        "a spread without a skew",
                        "spread[0].maxSkew",
                        rules -> rules.addSpread(SpreadRule.newBuilder().setBy("rack"))),
                placement(
                        "a spread by a path",
                        "spread[0].by",
                        rules -> rules.addSpread(
                                SpreadRule.newBuilder().setBy("../rack").setMaxSkew(1))),
                placement(
                        "an affinity to no name",
                        "affinity[0].job",
                        rules -> rules.addAffinity(affinity("a job", "host", true))),
                placement(
                        "an affinity twice",
                        "affinity[1].job",
                        rules -> rules.addAffinity(affinity("a", "host", true))
                                .addAffinity(affinity("a", "host", false))),
                placement(
                        "an anti-affinity by two lines",
                        "antiAffinity[0].by",
                        rules -> rules.addAntiAffinity(affinity("a", "a\nb", false))),
                placement(
                        "near and apart",
                        "antiAffinity[0].job",
                        rules -> rules.addAffinity(affinity("a", "rack", true))
                                .addAntiAffinity(affinity("a", "rack", true))),
                placement(
                        "one partition",
                        "partitions.count",
                        rules -> rules.setPartitions(
                                Partitions.newBuilder().setCount(1).setBy("rack"))),
                placement(
                        "partitions by nothing",
                        "partitions.by",
                        rules -> rules.setPartitions(Partitions.newBuilder().setCount(2))),
                placement(
                        "a toleration of nothing",
                        "tolerations[0].key",
                        rules -> rules.addTolerations(Toleration.getDefaultInstance())),
                placement(
                        "a toleration of a smile",
                        "tolerations[0].value",
                        rules -> rules.addTolerations(
                                Toleration.newBuilder().setKey("a").setValue("😀"))),
                placement(
                        "many tolerations",
                        "tolerations",
                        rules -> rules.addAllTolerations(Collections.nCopies(
                                17, Toleration.newBuilder().setKey("a").build()))),
                spec(
                        "hugepages of no size",
                        "spec.vm.hugepages",
                        spec -> spec.getVmBuilder().setHugepagesValue(9)),
                spec(
                        "memory of no whole hugepage",
                        "spec.vm.memory",
                        spec -> spec.getVmBuilder().setHugepages(Hugepages.HUGEPAGES_1GI)),
                spec(
                        "no NUMA node",
                        "spec.vm.numa.nodes",
                        spec -> spec.getVmBuilder().setNuma(Numa.getDefaultInstance())),
                spec(
                        "NUMA nodes without a vCPU",
                        "spec.vm.vcpus",
                        spec -> spec.getVmBuilder().setNuma(Numa.newBuilder().setNodes(2))),
                spec(
                        "a CPU model with an option",
                        "spec.vm.cpu.model",
                        spec -> spec.getVmBuilder().setCpu(Cpu.newBuilder().setModel("host,+vmx"))),
                spec(
                        "a device that climbs",
                        "spec.vm.devices[0].kind",
                        spec -> spec.getVmBuilder().addDevices(device("../gpu", 1))),
                spec(
                        "no device",
                        "spec.vm.devices[0].count",
                        spec -> spec.getVmBuilder().addDevices(device("gpu", 0))),
                spec(
                        "a device twice",
                        "spec.vm.devices[1].kind",
                        spec -> spec.getVmBuilder().addDevices(device("gpu", 1)).addDevices(device("gpu", 2))),
                spec("a spec of 300 KiB", "spec", spec -> {
                    spec.setPlacement(Placement.newBuilder().addAllRequire(wordyRequirements()));
                    spec.getVmBuilder().getCloudInitBuilder().setUserData("u".repeat(60_000));
                }));
    }

    private static Arguments spec(String what, String field, Consumer<JobSpec.Builder> spoil) {
        JobSpec.Builder builder = GOOD_SPEC.toBuilder();
        spoil.accept(builder);
        return Arguments.of(what, field, builder.build());
    }

    private static Arguments placement(String what, String field, Consumer<Placement.Builder> spoil) {
        return spec(what, "spec.placement." + field, spec -> spoil.accept(spec.getPlacementBuilder()));
    }

    private static AffinityRule affinity(String job, String by, boolean required) {
        return AffinityRule.newBuilder()
                .setJob(job)
                .setBy(by)
                .setRequired(required)
                .build();
    }

    private static DeviceRequest device(String kind, int count) {
        return DeviceRequest.newBuilder().setKind(kind).setCount(count).build();
    }

    private static DataDisk disk(String name) {
        return DataDisk.newBuilder().setName(name).setSizeMib(1).build();
    }

    private static void image(JobSpec.Builder spec, String file) {
        spec.getVmBuilder().getBootBuilder().getImageBuilder().setFile(file);
    }

    /** Each of them is allowed; together with the longest seed they have more than 300 KiB. */
    private static List<LabelRequirement> wordyRequirements() {
        LabelRequirement wordy = LabelRequirement.newBuilder()
                .setLabel("l".repeat(63))
                .addAllIn(Collections.nCopies(64, "v".repeat(63)))
                .build();
        return Collections.nCopies(64, wordy);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badSpecs")
    void aBadSpecIsRefusedByTheControllerToo(String what, String field, JobSpec spec) {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(spec)
                .build();
        PlanJobRequest plan = PlanJobRequest.newBuilder().setSpec(spec).build();
        for (Runnable call : List.<Runnable>of(() -> jobs.applyJob(request), () -> jobs.planJob(plan))) {
            ErrorInfo info = refused(Status.Code.INVALID_ARGUMENT, "INVALID_FIELD", call);
            assertThat(info.getMetadataMap()).containsEntry("field", field);
            assertThat(info.getMetadataOrThrow("fix")).isNotBlank();
        }
    }

    static Stream<Arguments> badPlanningCalls() {
        GetCapacityRequest small =
                GetCapacityRequest.newBuilder().setVcpus(1).setMemoryMib(16).build();
        RebalanceRequest even = RebalanceRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setGoal(RebalanceGoal.REBALANCE_GOAL_EVEN)
                .build();
        return Stream.of(
                capacity("no vCPUs", "vcpus", small.toBuilder().setVcpus(0)),
                capacity(
                        "an unknown acceleration",
                        "acceleration.mode",
                        small.toBuilder()
                                .setAcceleration(Acceleration.newBuilder().setModeValue(99))),
                capacity(
                        "an unknown paging",
                        "acceleration.paging",
                        small.toBuilder()
                                .setAcceleration(Acceleration.newBuilder().setPagingValue(99))),
                capacity("an unknown driver", "driver", small.toBuilder().setDriverValue(99)),
                capacity(
                        "a device twice",
                        "devices[1].kind",
                        small.toBuilder().addDevices(device("gpu", 1)).addDevices(device("gpu", 1))),
                capacity("no device", "devices[0].count", small.toBuilder().addDevices(device("gpu", 0))),
                capacity("negative vCPUs", "vcpus", small.toBuilder().setVcpus(-1)),
                capacity("no memory", "memory_mib", small.toBuilder().setMemoryMib(0)),
                capacity("negative memory", "memory_mib", small.toBuilder().setMemoryMib(-1)),
                capacity("hugepages of no size", "hugepages", small.toBuilder().setHugepagesValue(9)),
                capacity(
                        "NUMA nodes that do not divide",
                        "vcpus",
                        small.toBuilder().setNumaNodes(2)),
                capacity("many NUMA nodes", "numa_nodes", small.toBuilder().setNumaNodes(9)),
                capacity(
                        "a device of two lines",
                        "devices[0].kind",
                        small.toBuilder()
                                .addDevices(DeviceRequest.newBuilder()
                                        .setKind("a\nb")
                                        .setCount(1))),
                capacity("a label with a space", "labels", small.toBuilder().putLabels("a b", "c")),
                capacity("a smiling label", "labels.a", small.toBuilder().putLabels("a", "😀")),
                capacity("the loss of many", "lose", small.toBuilder().setLose(1_001)),
                capacity("by a path", "by", small.toBuilder().setBy("../rack")),
                rebalance("no goal", "goal", even.toBuilder().clearGoal()),
                rebalance("an unknown goal", "goal", even.toBuilder().setGoalValue(99)),
                rebalance("many moves", "max_moves", even.toBuilder().setMaxMoves(1_001)),
                rebalance("negative moves", "max_moves", even.toBuilder().setMaxMoves(-1)),
                rebalance("many at once", "at_once", even.toBuilder().setAtOnce(101)),
                rebalance("no request id", "request_id", even.toBuilder().clearRequestId()),
                rebalance(
                        "many at once, dry",
                        "at_once",
                        even.toBuilder().setAtOnce(101).setDryRun(true)),
                call(
                        "a drain of many at once",
                        "at_once",
                        () -> hosts.previewDrain(PreviewDrainRequest.newBuilder()
                                .setHost("h1")
                                .setAtOnce(101)
                                .build())),
                call(
                        "a drain without a request id",
                        "request_id",
                        () -> hosts.drainHost(
                                DrainHostRequest.newBuilder().setHost("h1").build())));
    }

    private static Arguments capacity(String what, String field, GetCapacityRequest.Builder request) {
        return call(what, field, () -> clusterCalls.getCapacity(request.build()));
    }

    private static Arguments rebalance(String what, String field, RebalanceRequest.Builder request) {
        return call(what, field, () -> clusterCalls.rebalance(request.build()));
    }

    private static Arguments call(String what, String field, Runnable call) {
        return Arguments.of(what, field, call);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badPlanningCalls")
    void aBadQuestionAboutPlacementIsRefusedByTheControllerToo(String what, String field, Runnable call) {
        ErrorInfo info = refused(Status.Code.INVALID_ARGUMENT, "INVALID_FIELD", call);
        assertThat(info.getMetadataMap()).containsEntry("field", field);
        assertThat(info.getMetadataOrThrow("fix")).isNotBlank();
    }

    // What only a host can see.

    static Stream<Arguments> badImages() {
        return Stream.of(
                Arguments.of("outside the pools", "/etc/passwd", "", "outside this host's pools", "put the file below"),
                Arguments.of(
                        "a link out of the pool", "link.img", "", "is a symbolic link", "put the file itself below"),
                Arguments.of("a link on the way", "way/passwd", "", "is a symbolic link", "put the file itself below"),
                Arguments.of("missing", "missing.img", "", "there is no file missing.img", "put it at "),
                Arguments.of("wrong sha256", "boot.img", "0".repeat(64), "has the digest", "correct the digest"),
                Arguments.of(
                        "a backing file", "backed.qcow2", "", "names a backing file: /etc/passwd", "make an image"),
                Arguments.of("a json: backing file", "json.qcow2", "", "names a backing file: json:", "make an image"),
                Arguments.of("a raw file that is qcow2", "disguised.raw", "", "like a qcow2 file", "name it .qcow2"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badImages")
    void aBadImageFailsItsVmByNameOfTheField(String what, String image, String sha256, String why, String fix)
            throws Exception {
        makeBadImages();
        boolean digest = !sha256.isEmpty();
        String source = digest ? "{file: " + image + ", sha256: \"" + sha256 + "\"}" : "{file: " + image + "}";
        apply(replace("{file: boot.img}", source).apply(GOOD));
        Vm failed = awaitState("web-0", VmState.VM_STATE_FAILED);
        assertThat(failed.getRecord().getLastExit().getIncarnation()).isEqualTo(1);

        Output describe = cluster.kelpie("describe", "vm", "web-0").succeeded();
        assertThat(describe.stdout().lines().filter(line -> line.startsWith("  how: ")))
                .singleElement()
                .asString()
                .contains("start failed: spec.vm.boot.image." + (digest ? "sha256: " : "file: "))
                .containsOnlyOnce("spec.vm.boot.image")
                .contains(why, ". Fix: " + fix);
        delete("web");
    }

    private static void makeBadImages() throws Exception {
        if (Files.exists(pool().resolve("disguised.raw"))) {
            return;
        }
        Files.createSymbolicLink(pool().resolve("link.img"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(pool().resolve("way"), Path.of("/etc"));
        qemuImg(
                "-u",
                "-F",
                "raw",
                "-b",
                "/etc/passwd",
                pool().resolve("backed.qcow2").toString(),
                "1M");
        qemuImg(
                "-u",
                "-F",
                "raw",
                "-b",
                "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}}",
                pool().resolve("json.qcow2").toString(),
                "1M");
        qemuImg(pool().resolve("disguised.raw").toString(), "1M");
    }

    private static void qemuImg(String... arguments) throws Exception {
        Process process = new ProcessBuilder(
                        Stream.concat(Stream.of("qemu-img", "create", "-q", "-f", "qcow2"), Stream.of(arguments))
                                .toList())
                .inheritIO()
                .start();
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void aQemuThatExitsAtOnceFailsAfterThePolicysRetriesWithItsOwnWords() throws Exception {
        Files.writeString(pool().resolve("garbage"), "this is no kernel\n".repeat(1000));
        apply(replace("{image: {file: boot.img}}", "{kernel: {file: garbage}}")
                .andThen(replace("    root: {size: 1Mi, keep: false}\n", ""))
                .andThen(replace("{policy: never}", "{policy: on-failure, attempts: 1}"))
                .apply(GOOD));
        Vm failed = awaitState("web-0", VmState.VM_STATE_FAILED);
        assertThat(failed.getRecord().getLastExit().getIncarnation())
                .as("one start and one retry")
                .isEqualTo(2);
        assertThat(failed.getRecord().getLastExit().getStderrTail()).contains("qemu");

        String describe = cluster.kelpie("describe", "vm", "web-0").succeeded().stdout();
        assertThat(describe).contains("FAILED").contains("kernel").contains("stderr");
        assertThat(describe.replaceAll("\\s+", " "))
                .contains(
                        failed.getRecord().getLastExit().getStderrTail().strip().replaceAll("\\s+", " "));
        delete("web");
    }

    // What is right, but finds no place or nothing to do.

    @Test
    void memoryBeyondEveryHostIsNoErrorButPendingAndExplained() throws Exception {
        apply(replace("16Mi", "2Gi").apply(GOOD));
        await().atMost(PATIENCE)
                .until(() -> vms.explainVm(ExplainVmRequest.newBuilder()
                                        .setNamespace("default")
                                        .setName("web-0")
                                        .build())
                                .getDecision()
                                .getRulesCount()
                        == 1);
        assertThat(vm("web-0").getRecord().getState()).isEqualTo(VmState.VM_STATE_PENDING);

        // 2048 + 64 + 41 (2 %) + 8 (a vCPU) MiB
        Output explain = cluster.kelpie("explain", "vm", "web-0").succeeded();
        assertThat(explain.stdout())
                .contains("PENDING")
                .contains("2161 MiB")
                .containsPattern("memory +1 +h1 +2161 MiB .* +512 MiB +1649 MiB +lower spec.vm.memory to 431Mi");
        Output wait = cluster.kelpie("wait", "--for=running", "job/web", "--timeout", "3s");
        assertThat(wait.exitCode()).as(wait.toString()).isEqualTo(6);
        assertThat(wait.stderr()).contains("memory").contains("fix: ");

        JsonNode shown = new ObjectMapper()
                .readTree(
                        cluster.kelpie("get", "jobs", "-o", "json").succeeded().stdout());
        assertThat(shown.toString()).contains("\"web\"");
        delete("web");
    }

    @Test
    void aStopOfAStoppedVmChangesNothing() throws Exception {
        apply(GOOD.replace("    stop:", "    driver: fake\n    stop:"));
        awaitState("web-0", VmState.VM_STATE_RUNNING);
        assertThat(cluster.kelpie("stop", "vm", "web-0").succeeded().stdout()).contains("stop requested");
        awaitState("web-0", VmState.VM_STATE_STOPPED);
        Vm before = vm("web-0");
        assertThat(cluster.kelpie("stop", "vm", "web-0").succeeded().stdout()).contains("unchanged (STOPPED)");
        assertThat(vm("web-0")).isEqualTo(before);
        delete("web");
    }

    static Stream<Arguments> commandsOnNothing() {
        return Stream.of(
                Arguments.of("describe vm web-0", "web-0"),
                Arguments.of("explain vm web-0", "web-0"),
                Arguments.of("stop vm web-0", "web-0"),
                Arguments.of("start vm web-0", "web-0"),
                Arguments.of("restart vm web-0", "web-0"),
                Arguments.of("logs web-0", "web-0"),
                Arguments.of("stop job web", "web"),
                Arguments.of("scale job web 2", "web"),
                Arguments.of("delete job web", "web"),
                Arguments.of("explain vm web-0 --live", "web-0"),
                Arguments.of("drain h9", "h9"),
                Arguments.of("drain h9 --dry-run", "h9"),
                Arguments.of("cordon h9", "h9"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("commandsOnNothing")
    void whatDoesNotExistIsNotFound(String command, String name) throws Exception {
        Output output = cluster.kelpie(command.split(" "));
        assertThat(output.exitCode()).as(output.toString()).isEqualTo(3);
        assertThat(output.stdout()).isEmpty();
        assertThat(output.stderr()).contains(name).contains("does not exist").contains("fix: ");
    }

    static Stream<Arguments> namesOfNothing() {
        return Stream.of(
                        "",
                        "web",
                        "web-0",
                        "../web-0",
                        "web\n-0",
                        "web😀-0",
                        "web-00",
                        "web-99999",
                        "x".repeat(1 << 20))
                .map(name -> Arguments.of(name.length() > 20 ? "a name of 1 MiB" : name.replace('\n', '~'), name));
    }

    @ParameterizedTest(name = "\"{0}\"")
    @MethodSource("namesOfNothing")
    void everyOperationOnAVmThatDoesNotExistIsRefused(String what, String name) {
        notFound(() -> vms.getVm(
                GetVmRequest.newBuilder().setNamespace("default").setName(name).build()));
        notFound(() -> vms.explainVm(ExplainVmRequest.newBuilder()
                .setNamespace("default")
                .setName(name)
                .build()));
        notFound(() -> vms.readVmLog(ReadVmLogRequest.newBuilder()
                        .setNamespace("default")
                        .setName(name)
                        .build())
                .forEachRemaining(piece -> {}));
        for (ControlAction action : List.of(
                ControlAction.CONTROL_ACTION_START,
                ControlAction.CONTROL_ACTION_STOP,
                ControlAction.CONTROL_ACTION_RESTART)) {
            notFound(() -> vms.controlVm(ControlVmRequest.newBuilder()
                    .setRequestId(UUID.randomUUID().toString())
                    .setNamespace("default")
                    .setName(name)
                    .setAction(action)
                    .build()));
        }
        ErrorInfo job = refused(
                Status.Code.NOT_FOUND,
                "JOB_NOT_FOUND",
                () -> jobs.getJob(GetJobRequest.newBuilder()
                        .setNamespace("default")
                        .setName(name)
                        .build()));
        assertThat(job.getMetadataMap()).containsKey("job");
    }

    private static void notFound(Runnable call) {
        assertThat(refused(Status.Code.NOT_FOUND, "VM_NOT_FOUND", call).getMetadataMap())
                .containsKeys("vm", "namespace");
    }

    @Test
    void aRequestIdAnswersTheSameAgainAndIsRefusedWithAnotherBody() throws Exception {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(GOOD_SPEC.toBuilder()
                        .setVm(GOOD_SPEC.getVm().toBuilder().setMemoryMib(2048)))
                .build();
        ApplyJobResponse first = jobs.applyJob(request);
        assertThat(first.getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
        assertThat(jobs.applyJob(request)).isEqualTo(first);

        ApplyJobRequest.Builder other = request.toBuilder();
        other.getSpecBuilder().setReplicas(2);
        refused(Status.Code.ALREADY_EXISTS, "REQUEST_ID_REUSED", () -> jobs.applyJob(other.build()));
        refused(
                Status.Code.ALREADY_EXISTS,
                "REQUEST_ID_REUSED",
                () -> jobs.scaleJob(ScaleJobRequest.newBuilder()
                        .setRequestId(request.getRequestId())
                        .setNamespace("default")
                        .setName("web")
                        .setReplicas(2)
                        .build()));
        assertThat(jobs.getJob(GetJobRequest.newBuilder()
                                .setNamespace("default")
                                .setName("web")
                                .build())
                        .getJob()
                        .getSpec()
                        .getReplicas())
                .isEqualTo(1);
        delete("web");
    }

    static Stream<Arguments> badRequestIds() {
        return Stream.of("", "1", "not a uuid\nat all", "😀".repeat(36), "f".repeat(1 << 20))
                .map(id -> Arguments.of(id.length() > 80 ? "1 MiB" : id.replace('\n', '~'), id));
    }

    @ParameterizedTest(name = "\"{0}\"")
    @MethodSource("badRequestIds")
    void aRequestIdThatIsNoUuidIsRefused(String what, String id) {
        ErrorInfo info = refused(
                Status.Code.INVALID_ARGUMENT,
                "INVALID_FIELD",
                () -> jobs.applyJob(ApplyJobRequest.newBuilder()
                        .setRequestId(id)
                        .setSpec(GOOD_SPEC)
                        .build()));
        assertThat(info.getMetadataMap()).containsEntry("field", "request_id");
    }

    @Test
    void aStaleVersionIsAConflict() throws Exception {
        apply(replace("16Mi", "2Gi").apply(GOOD));
        Path file = write("next.yaml", replace("16Mi", "3Gi").apply(GOOD));
        Output output = cluster.kelpie("apply", "-f", file.toString(), "--expect-version", "7");
        assertThat(output.exitCode()).as(output.toString()).isEqualTo(5);
        assertThat(output.stderr()).contains("version 7").contains("version 1").contains("fix: ");
        delete("web");
    }

    @Test
    void aMessageBeyondTheLimitIsRefusedAndTheConnectionGoesOn() {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(GOOD_SPEC.toBuilder().setName("x".repeat(5 << 20)))
                .build();
        StatusRuntimeException failure =
                catchThrowableOfType(StatusRuntimeException.class, () -> jobs.applyJob(request));
        assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    }

    @Test
    void nobodyListensWhereTheCommandAsks() throws Exception {
        Output output = cluster.kelpie("get", "jobs", "--controllers", Ports.freeAddress());
        assertThat(output.exitCode()).as(output.toString()).isEqualTo(8);
        assertThat(output.stderr()).contains("fix: ").contains("--controllers");
    }

    // Helpers.

    private static Path pool() {
        return cluster.agent(0).pool();
    }

    private static Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    private static void apply(String yaml) throws Exception {
        cluster.kelpie("apply", "-f", write("job.yaml", yaml).toString()).succeeded();
    }

    private static Vm vm(String name) {
        return vms.getVm(GetVmRequest.newBuilder()
                        .setNamespace("default")
                        .setName(name)
                        .build())
                .getVm();
    }

    private static Vm awaitState(String name, VmState state) {
        return await(name + " to be " + state)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .ignoreExceptionsMatching(
                        failure -> GrpcErrors.reason(failure).name().endsWith("VM_NOT_FOUND"))
                .until(() -> vm(name), vm -> vm.getRecord().getState() == state);
    }

    private static void delete(String job) {
        jobs.deleteJob(DeleteJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setNamespace("default")
                .setName(job)
                .build());
        await("the job to be gone")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> jobs.listJobs(ListJobsRequest.getDefaultInstance()).getJobsCount() == 0);
    }

    /** The call is refused for a reason that names a fix, in words short enough to be shown. */
    private static ErrorInfo refused(Status.Code code, String reason, Runnable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
        assertThat(failure).isNotNull();
        assertThat(failure.getStatus().getCode()).as(failure.toString()).isEqualTo(code);
        String message = String.valueOf(failure.getStatus().getDescription());
        assertThat(message).contains("Fix: ").doesNotContain("\n");
        assertThat(message.length()).isLessThan(2_000);
        ErrorInfo info = GrpcErrors.info(failure).orElseThrow();
        assertThat(info.getReason()).isEqualTo(reason);
        return info;
    }
}
