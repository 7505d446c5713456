package io.kelpie.agent.driver.qemu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.LaunchSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * QEMU's arguments for one instance. Pure.
 *
 * <p>Whatever comes from outside (paths, names of disks) goes into JSON or into an argument of its own; the only option
 * that knows no JSON and takes a path, {@code -chardev}, has its commas doubled.
 *
 * <p>The machine is q35: PCI Express and SATA, which pass-through and today's guests expect. Its devices have fixed PCI
 * addresses, so that a guest finds an interface or a disk where it was, whatever else was added:
 *
 * <pre>
 * 01       random numbers
 * 02 to 11 network interface i at 02 + i
 * 12 to 15 virtio disk i at 12 + i/8, function i%8
 * 16 to 1a SATA controllers beyond the one of the machine, 6 ports each
 * </pre>
 */
final class QemuCommandLine {
    /** Number of the descriptor on which QEMU finds its guard's monitor. */
    static final int GUARD_FD = 3;

    private static final int NIC_SLOT = 0x02;
    private static final int DISK_SLOT = 0x12;
    private static final int SATA_SLOT = 0x16;
    private static final int FUNCTIONS = 8;
    private static final int SATA_PORTS = 6;
    private static final int SERIAL_CHARS_MAX = 20;

    /** Guests at or below this size are test guests of a few hundred bytes of code. */
    private static final long TINY_GUEST_MIB = 32;

    private static final int TINY_TRANSLATION_BUFFER_MIB = 4;
    private static final int SMALL_GUEST_MIB = 512;
    private static final int SMALL_TRANSLATION_BUFFER_MIB = 64;
    private static final int TRANSLATION_BUFFER_MIB = 256;

    private static final long MIB = 1L << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<String> arguments = new ArrayList<>();
    private int virtioDisks;
    private int sataDisks;

    private QemuCommandLine() {}

    /**
     * The arguments, without the program.
     *
     * @param qmpSocket where QEMU shall listen for the agent
     * @param sandbox whether this QEMU can restrict its own system calls
     */
    static List<String> of(LaunchSpec spec, Path qmpSocket, boolean sandbox) {
        QemuCommandLine line = new QemuCommandLine();
        line.machine(spec);
        if (!spec.hardware().isPlainMemory()) {
            line.memory(spec);
        }
        line.monitors(qmpSocket);
        line.serial(spec.serialLog());
        line.json("-object", ordered("qom-type", "rng-builtin", "id", "rng0"));
        line.device("virtio-rng-pci", "rng", "0x1", Map.of("rng", "rng0"));
        for (int i = 0; i < spec.nics().size(); i++) {
            line.nic(spec.nics().get(i), i);
        }
        for (int i = 0; i < spec.disks().size(); i++) {
            line.disk(spec.disks().get(i), i, spec.kernel().isEmpty());
        }
        spec.kernel().ifPresent(line::kernel);
        if (sandbox) {
            line.add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
        }
        return List.copyOf(line.arguments);
    }

    private void machine(LaunchSpec spec) {
        add("-name", "guest=" + spec.vmName()); // a valid name has no comma
        add("-uuid", spec.id().vmId().toString());
        add("-nodefaults");
        add("-no-user-config");
        add("-machine", backsAllMemory(spec) ? "q35,memory-backend=" + memoryId(0) : "q35");
        add("-accel", accelerator(spec));
        add("-cpu", QemuCpuOption.of(spec.hardware().cpu(), spec.accelerator()));
        add("-m", spec.memoryMib() + "M");
        add("-smp", processors(spec));
        add("-display", "none");
        add("-boot", "strict=on,menu=off");
        add("-rtc", "base=utc");
        add("-msg", "timestamp=on");
    }

    /** Each NUMA node is a socket, as in the machines that guests know. */
    private static String processors(LaunchSpec spec) {
        int nodes = spec.hardware().numaNodes();
        return nodes == 1
                ? Integer.toString(spec.vcpus())
                : spec.vcpus() + ",sockets=" + nodes + ",cores=" + spec.vcpus() / nodes + ",threads=1";
    }

    /** Whether there is one block of memory, and it is not QEMU's own. */
    private static boolean backsAllMemory(LaunchSpec spec) {
        return !spec.hardware().isPlainMemory() && spec.hardware().numaNodes() == 1;
    }

    private static String memoryId(int node) {
        return "ram" + node;
    }

    /**
     * Hugepages come by memfd, which needs no mounted file system, and are taken before the guest runs: a guest that
     * finds too few later is killed by a signal.
     */
    private void memory(LaunchSpec spec) {
        GuestHardware hardware = spec.hardware();
        int nodes = hardware.numaNodes();
        for (int node = 0; node < nodes; node++) {
            Map<String, Object> memory = ordered(
                    "qom-type",
                    hardware.hugepages().isPresent() ? "memory-backend-memfd" : "memory-backend-ram",
                    "id",
                    memoryId(node));
            memory.put("size", spec.memoryMib() / nodes * MIB);
            hardware.hugepages().ifPresent(page -> {
                memory.put("hugetlb", true);
                memory.put("hugetlbsize", page.mib() * MIB);
                memory.put("share", false);
                memory.put("prealloc", true);
            });
            hardware.hostNode(node).ifPresent(host -> {
                memory.put("host-nodes", List.of(host));
                memory.put("policy", "preferred");
            });
            json("-object", memory);
        }
        for (int node = 0; node < nodes && nodes > 1; node++) {
            add("-numa", "node,nodeid=" + node + ",memdev=" + memoryId(node));
            add("-numa", "cpu,node-id=" + node + ",socket-id=" + node);
        }
    }

    private static String accelerator(LaunchSpec spec) {
        return switch (spec.accelerator()) {
            case KVM -> "kvm";
            case TCG -> "tcg,tb-size=" + translationBufferMib(spec.memoryMib());
        };
    }

    /** QEMU's own default is 1 GiB, which a busy guest fills: more than a small host can spare for each. */
    private static int translationBufferMib(long memoryMib) {
        if (memoryMib <= TINY_GUEST_MIB) {
            return TINY_TRANSLATION_BUFFER_MIB;
        }
        return memoryMib <= SMALL_GUEST_MIB ? SMALL_TRANSLATION_BUFFER_MIB : TRANSLATION_BUFFER_MIB;
    }

    private void monitors(Path qmpSocket) {
        add("-chardev", "socket,id=qmp,server=on,wait=off,path=" + escaped(qmpSocket));
        add("-mon", "chardev=qmp,mode=control");
        add("-chardev", "socket,id=guard,fd=" + GUARD_FD);
        add("-mon", "chardev=guard,mode=control");
    }

    private void serial(Path log) {
        add("-chardev", "file,id=serial0,append=on,path=" + escaped(log));
        Map<String, Object> port = ordered("driver", "isa-serial", "id", "com1");
        port.put("chardev", "serial0");
        json("-device", port);
    }

    private void nic(LaunchSpec.Nic nic, int index) {
        String id = "net" + index;
        json("-netdev", ordered("type", "user", "id", id));
        Map<String, Object> properties = ordered("netdev", id, "mac", nic.macAddress());
        properties.put("romfile", ""); // no network boot, and no file of another package
        String driver = switch (nic.model()) {
            case VIRTIO -> "virtio-net-pci";
            case E1000 -> "e1000";
        };
        device(driver, "nic" + index, hex(NIC_SLOT + index), properties);
    }

    private void disk(LaunchSpec.Disk disk, int index, boolean bootsFromDisk) {
        boolean readOnly = disk.readOnly() || disk.bus() == LaunchSpec.Bus.CDROM;
        blockdev(disk, index, readOnly);
        Map<String, Object> properties = ordered("drive", "disk" + index);
        properties.put(
                "serial",
                disk.name().substring(0, Math.min(SERIAL_CHARS_MAX, disk.name().length())));
        if (bootsFromDisk && index == 0) {
            properties.put("bootindex", 0);
        }
        String id = "dev-disk" + index;
        switch (disk.bus()) {
            case VIRTIO -> virtioDisk(id, properties);
            case IDE -> sataDisk("ide-hd", id, properties);
            case CDROM -> sataDisk("ide-cd", id, properties);
        }
    }

    /** Image locking stays on: the last line against a second writer. */
    private void blockdev(LaunchSpec.Disk disk, int index, boolean readOnly) {
        Map<String, Object> file = ordered("driver", "file", "node-name", "file" + index);
        file.put("filename", disk.file().toAbsolutePath().toString());
        file.put("locking", "on");
        Map<String, Object> format = ordered(
                "driver",
                switch (disk.format()) {
                    case RAW -> "raw";
                    case QCOW2 -> "qcow2";
                },
                "node-name",
                "disk" + index);
        format.put("file", "file" + index);
        for (Map<String, Object> node : List.of(file, format)) {
            node.put("read-only", readOnly);
            node.put("discard", "unmap");
            node.put("cache", Map.of("direct", false));
            json("-blockdev", node);
        }
    }

    private void virtioDisk(String id, Map<String, Object> properties) {
        int function = virtioDisks % FUNCTIONS;
        String address = hex(DISK_SLOT + virtioDisks / FUNCTIONS) + (function == 0 ? "" : "." + function);
        properties.put("multifunction", function == 0);
        device("virtio-blk-pci", id, address, properties);
        virtioDisks++;
    }

    private void sataDisk(String driver, String id, Map<String, Object> properties) {
        int controller = sataDisks / SATA_PORTS;
        int port = sataDisks % SATA_PORTS;
        if (controller > 0 && port == 0) {
            device("ahci", "sata" + controller, hex(SATA_SLOT + controller - 1), Map.of());
        }
        Map<String, Object> device = ordered("driver", driver, "id", id);
        device.put("bus", controller == 0 ? "ide." + port : "sata" + controller + "." + port);
        device.putAll(properties);
        json("-device", device);
        sataDisks++;
    }

    private void kernel(LaunchSpec.KernelBoot boot) {
        add("-kernel", boot.kernel().toAbsolutePath().toString());
        boot.initrd().ifPresent(initrd -> add("-initrd", initrd.toAbsolutePath().toString()));
        if (!boot.cmdline().isEmpty()) {
            add("-append", boot.cmdline());
        }
    }

    private void device(String driver, String id, String address, Map<String, Object> properties) {
        Map<String, Object> device = ordered("driver", driver, "id", id);
        device.put("bus", "pcie.0");
        device.put("addr", address);
        device.putAll(properties);
        json("-device", device);
    }

    private void json(String option, Map<String, Object> value) {
        try {
            add(option, JSON.writeValueAsString(value));
        } catch (JsonProcessingException e) {
            throw new AssertionError("a map of strings and numbers is always JSON", e);
        }
    }

    private void add(String... some) {
        arguments.addAll(List.of(some));
    }

    private static Map<String, Object> ordered(String firstKey, Object firstValue) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(firstKey, firstValue);
        return map;
    }

    private static Map<String, Object> ordered(
            String firstKey, Object firstValue, String secondKey, Object secondValue) {
        Map<String, Object> map = ordered(firstKey, firstValue);
        map.put(secondKey, secondValue);
        return map;
    }

    /** A comma ends a value in QEMU's option syntax; two stand for one. */
    private static String escaped(Path path) {
        return path.toAbsolutePath().toString().replace(",", ",,");
    }

    private static String hex(int slot) {
        return "0x" + Integer.toHexString(slot);
    }
}
