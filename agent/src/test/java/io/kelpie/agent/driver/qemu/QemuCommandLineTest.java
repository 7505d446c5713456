package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LaunchSpec.Bus;
import io.kelpie.agent.driver.LaunchSpec.Disk;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.driver.LaunchSpec.KernelBoot;
import io.kelpie.agent.driver.LaunchSpec.Nic;
import io.kelpie.agent.driver.LaunchSpec.NicModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QemuCommandLineTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void theGuestIsNamedAndSized() throws Exception {
        List<String> line = line(spec(2, 1024, Accelerator.KVM, List.of(), List.of()));

        assertThat(line).containsSequence("-name", "guest=web-0");
        assertThat(line).containsSequence("-uuid", "00000000-0000-0000-0000-000000000007");
        assertThat(line).containsSequence("-m", "1024M");
        assertThat(line).containsSequence("-smp", "2");
        assertThat(line).containsSequence("-accel", "kvm");
        assertThat(line).contains("-nodefaults", "-no-user-config");
        assertThat(line).containsSequence("-display", "none");
    }

    @Test
    void aGuestThatAsksForNothingHasTheBaselineCpuAndQemusOwnMemory() throws Exception {
        List<String> line = line(spec(2, 1024, Accelerator.KVM, List.of(), List.of()));

        assertThat(line).containsSequence("-machine", "q35");
        assertThat(line).containsSequence("-cpu", "qemu64,+popcnt,+ssse3,+sse4.1,+sse4.2");
        assertThat(line).doesNotContain("-numa");
        assertThat(values(line, "-object")).hasSize(1); // random numbers
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "BASELINE         |         |     | KVM | qemu64,+popcnt,+ssse3,+sse4.1,+sse4.2",
                "BASELINE         |         | vmx | KVM | qemu64,+popcnt,+ssse3,+sse4.1,+sse4.2,+vmx",
                "HOST_MODEL       |         |     | KVM | host,migratable=on,-vmx,-svm",
                "HOST_MODEL       |         | svm | KVM | host,migratable=on,+svm",
                "HOST_MODEL       |         |     | TCG | max,migratable=on,-vmx,-svm",
                "HOST_PASSTHROUGH |         |     | KVM | host,migratable=off,-vmx,-svm",
                "NAMED            | Nehalem |     | KVM | Nehalem,enforce=on,-vmx,-svm",
                "NAMED            | EPYC-v2 | svm | TCG | EPYC-v2,enforce=on,+svm",
            })
    void aCpuIsAskedForByItsKind(
            GuestCpu.Kind kind, @Nullable String name, @Nullable String nesting, Accelerator accelerator, String cpu) {
        GuestCpu guest = new GuestCpu(kind, name == null ? "" : name, Optional.ofNullable(nesting));
        assertThat(line(spec(1, 64, accelerator, List.of(), List.of()).toBuilder()
                        .hardware(new GuestHardware(guest, Optional.empty(), 1, List.of()))
                        .build()))
                .containsSequence("-cpu", cpu);
    }

    @Test
    void hugepagesAreTakenBeforeTheGuestRuns() throws Exception {
        List<String> line = line(spec(2, 1024, Accelerator.KVM, List.of(), List.of()).toBuilder()
                .hardware(new GuestHardware(GuestCpu.PLAIN, Optional.of(HugepageSize.TWO_MIB), 1, List.of()))
                .build());

        assertThat(line).containsSequence("-machine", "q35,memory-backend=ram0");
        assertThat(line).doesNotContain("-numa");
        assertThat(objects(line, "memory-backend-memfd")).containsExactly(JSON.readTree("""
                        {"qom-type": "memory-backend-memfd", "id": "ram0", "size": 1073741824, "hugetlb": true,
                         "hugetlbsize": 2097152, "share": false, "prealloc": true}"""));
    }

    @Test
    void eachNumaNodeIsASocketWithMemoryOfItsOwn() throws Exception {
        List<String> line = line(spec(4, 1024, Accelerator.KVM, List.of(), List.of()).toBuilder()
                .hardware(new GuestHardware(GuestCpu.PLAIN, Optional.empty(), 2, List.of(3, 1)))
                .build());

        assertThat(line).containsSequence("-machine", "q35");
        assertThat(line).containsSequence("-smp", "4,sockets=2,cores=2,threads=1");
        assertThat(objects(line, "memory-backend-ram")).containsExactly(JSON.readTree("""
                                {"qom-type": "memory-backend-ram", "id": "ram0", "size": 536870912,
                                 "host-nodes": [3], "policy": "preferred"}"""), JSON.readTree("""
                                {"qom-type": "memory-backend-ram", "id": "ram1", "size": 536870912,
                                 "host-nodes": [1], "policy": "preferred"}"""));
        assertThat(line)
                .containsSequence("-numa", "node,nodeid=0,memdev=ram0", "-numa", "cpu,node-id=0,socket-id=0")
                .containsSequence("-numa", "node,nodeid=1,memdev=ram1", "-numa", "cpu,node-id=1,socket-id=1");
    }

    @Test
    void oneNumaNodeIsBoundWithoutTheGuestSeeingIt() throws Exception {
        List<String> line = line(spec(4, 1024, Accelerator.KVM, List.of(), List.of()).toBuilder()
                .hardware(new GuestHardware(GuestCpu.PLAIN, Optional.empty(), 1, List.of(1)))
                .build());

        assertThat(line).containsSequence("-machine", "q35,memory-backend=ram0").containsSequence("-smp", "4");
        assertThat(line).doesNotContain("-numa");
        assertThat(objects(line, "memory-backend-ram").get(0).path("host-nodes").toString())
                .isEqualTo("[1]");
    }

    private static List<JsonNode> objects(List<String> line, String type) throws Exception {
        return values(line, "-object").stream()
                .filter(object -> object.path("qom-type").asText().equals(type))
                .toList();
    }

    @Test
    void translationBuffersGrowWithTheGuest() throws Exception {
        assertThat(line(spec(1, 16, Accelerator.TCG, List.of(), List.of()))).contains("tcg,tb-size=4");
        assertThat(line(spec(1, 256, Accelerator.TCG, List.of(), List.of()))).contains("tcg,tb-size=64");
        assertThat(line(spec(1, 4096, Accelerator.TCG, List.of(), List.of()))).contains("tcg,tb-size=256");
    }

    @Test
    void theSandboxIsAskedForWhereThereIsOne() {
        LaunchSpec spec = spec(1, 16, Accelerator.TCG, List.of(), List.of());

        assertThat(QemuCommandLine.of(spec, Path.of("/run/qmp"), true)).contains("-sandbox");
        assertThat(QemuCommandLine.of(spec, Path.of("/run/qmp"), false)).doesNotContain("-sandbox");
    }

    @Test
    void commasInPathsAreHarmless() throws Exception {
        Disk disk = new Disk("root", Path.of("/d/a,readonly=on \"b\"\\.raw"), DiskFormat.RAW, Bus.VIRTIO, false);
        LaunchSpec spec = spec(1, 16, Accelerator.TCG, List.of(disk), List.of());

        List<String> line = QemuCommandLine.of(spec, Path.of("/run/a,b/qmp"), true);

        assertThat(line).contains("socket,id=qmp,server=on,wait=off,path=/run/a,,b/qmp");
        assertThat(line).contains("file,id=serial0,append=on,path=/s,,t/serial.log");
        assertThat(values(line, "-blockdev").get(0).path("filename").asText())
                .isEqualTo("/d/a,readonly=on \"b\"\\.raw");
    }

    @Test
    void aDiskHasItsFormatAndTheLock() throws Exception {
        List<String> line = line(spec(
                1,
                16,
                Accelerator.TCG,
                List.of(
                        new Disk("root", Path.of("/root.qcow2"), DiskFormat.QCOW2, Bus.VIRTIO, false),
                        new Disk("seed", Path.of("/seed.iso"), DiskFormat.RAW, Bus.CDROM, false)),
                List.of()));

        List<JsonNode> nodes = values(line, "-blockdev");
        assertThat(nodes).hasSize(4);
        assertThat(nodes.get(0).path("locking").asText()).isEqualTo("on");
        assertThat(nodes.get(0).path("cache").path("direct").asBoolean(true)).isFalse();
        assertThat(nodes.get(0).path("read-only").asBoolean(true)).isFalse();
        assertThat(nodes.get(1).path("driver").asText()).isEqualTo("qcow2");
        assertThat(nodes.get(1).path("discard").asText()).isEqualTo("unmap");
        assertThat(nodes.get(3).path("driver").asText()).isEqualTo("raw");
        assertThat(nodes.get(3).path("read-only").asBoolean()).as("a CD-ROM").isTrue();
    }

    @Test
    void aSerialIsTheDisksNameCutToWhatDevicesCarry() throws Exception {
        Disk disk = new Disk("a-name-of-more-than-20-chars", Path.of("/d"), DiskFormat.RAW, Bus.VIRTIO, false);

        JsonNode device = device(line(spec(1, 16, Accelerator.TCG, List.of(disk), List.of())), "virtio-blk-pci");

        assertThat(device.path("serial").asText()).isEqualTo("a-name-of-more-than-");
    }

    @Test
    void firmwareBootsTheFirstDiskUnlessThereIsAKernel() throws Exception {
        Disk disk = new Disk("root", Path.of("/d"), DiskFormat.RAW, Bus.IDE, false);
        LaunchSpec spec = spec(1, 16, Accelerator.TCG, List.of(disk), List.of());
        assertThat(device(line(spec), "ide-hd").path("bootindex").asInt(-1)).isZero();

        LaunchSpec direct = spec.toBuilder()
                .kernel(new KernelBoot(Path.of("/vmlinuz"), Optional.of(Path.of("/initrd")), "console=ttyS0 a=b,c"))
                .build();

        assertThat(device(line(direct), "ide-hd").has("bootindex")).isFalse();
        assertThat(line(direct))
                .containsSequence("-kernel", "/vmlinuz", "-initrd", "/initrd", "-append", "console=ttyS0 a=b,c");
    }

    @Test
    void noTwoDevicesShareAnAddressHoweverManyThereAre() throws Exception {
        List<String> line = line(large(Path.of("/d"), Path.of("/i"), Path.of("/r")));

        Set<String> addresses = new HashSet<>();
        for (JsonNode device : values(line, "-device")) {
            if (!device.path("driver").asText().equals("isa-serial")) {
                String address =
                        device.path("bus").asText() + " " + device.path("addr").asText();
                assertThat(addresses.add(address)).as(address).isTrue();
            }
        }
        assertThat(addresses).hasSize(1 + 16 + 32 + 2);
    }

    /** The largest machine that a job may ask for: 16 virtio and 16 SATA disks, 16 interfaces. */
    static LaunchSpec large(Path diskFolder, Path instanceFolder, Path runFolder) {
        List<Disk> disks = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
            Bus bus = i % 2 == 0 ? Bus.VIRTIO : i % 4 == 1 ? Bus.IDE : Bus.CDROM;
            disks.add(new Disk("disk-" + i, diskFolder.resolve(i + ".raw"), DiskFormat.RAW, bus, false));
        }
        List<Nic> nics = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            nics.add(new Nic(String.format("02:00:00:00:00:%02x", i), i % 2 == 0 ? NicModel.VIRTIO : NicModel.E1000));
        }
        return new LaunchSpec.Builder(
                        new InstanceId(new UUID(0, 7), 1),
                        "web-0",
                        Accelerator.TCG,
                        instanceFolder.resolve("serial.log"),
                        instanceFolder,
                        runFolder)
                .size(2, 64)
                .disks(disks)
                .nics(nics)
                .build();
    }

    private static LaunchSpec spec(
            int vcpus, long memoryMib, Accelerator accelerator, List<Disk> disks, List<Nic> nics) {
        return new LaunchSpec.Builder(
                        new InstanceId(new UUID(0, 7), 1),
                        "web-0",
                        accelerator,
                        Path.of("/s,t/serial.log"),
                        Path.of("/instance"),
                        Path.of("/run"))
                .size(vcpus, memoryMib)
                .disks(disks)
                .nics(nics)
                .build();
    }

    private static List<String> line(LaunchSpec spec) {
        return QemuCommandLine.of(spec, Path.of("/run/qmp"), true);
    }

    private static JsonNode device(List<String> line, String driver) throws Exception {
        return values(line, "-device").stream()
                .filter(device -> device.path("driver").asText().equals(driver))
                .findFirst()
                .orElseThrow();
    }

    private static List<JsonNode> values(List<String> line, String option) throws Exception {
        List<JsonNode> values = new ArrayList<>();
        for (int i = 0; i + 1 < line.size(); i++) {
            if (line.get(i).equals(option)) {
                values.add(JSON.readTree(line.get(i + 1)));
            }
        }
        return values;
    }
}
