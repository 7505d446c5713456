package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.agent.driver.Accelerator;
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
import org.junit.jupiter.api.Test;

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

        LaunchSpec direct = new LaunchSpec(
                spec.id(),
                spec.vmName(),
                1,
                16,
                Accelerator.TCG,
                Optional.of(
                        new KernelBoot(Path.of("/vmlinuz"), Optional.of(Path.of("/initrd")), "console=ttyS0 a=b,c")),
                spec.disks(),
                List.of(),
                spec.serialLog(),
                spec.instanceFolder(),
                spec.runFolder(),
                Optional.empty());

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
        return new LaunchSpec(
                new InstanceId(new UUID(0, 7), 1),
                "web-0",
                2,
                64,
                Accelerator.TCG,
                Optional.empty(),
                disks,
                nics,
                instanceFolder.resolve("serial.log"),
                instanceFolder,
                runFolder,
                Optional.empty());
    }

    private static LaunchSpec spec(
            int vcpus, long memoryMib, Accelerator accelerator, List<Disk> disks, List<Nic> nics) {
        return new LaunchSpec(
                new InstanceId(new UUID(0, 7), 1),
                "web-0",
                vcpus,
                memoryMib,
                accelerator,
                Optional.empty(),
                disks,
                nics,
                Path.of("/s,t/serial.log"),
                Path.of("/instance"),
                Path.of("/run"),
                Optional.empty());
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
