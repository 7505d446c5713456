package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.LaunchSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Describes an instance to libvirt. Pure: the same spec gives the same text.
 *
 * <p>Every disk's format is said, so that libvirt probes no file's content. Of an overlay libvirt reads the header, which
 * only this host writes, and takes the backing file's format from there.
 */
final class DomainXml {
    private static final String QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

    /** Guests at or below this size are test guests of a few hundred bytes of code. */
    private static final long TINY_GUEST_MIB = 32;

    private static final long SMALL_GUEST_MIB = 512;

    /** The baseline x86-64-v2 that today's distributions are built for: {@code qemu64} and these. */
    private static final List<String> CPU_FEATURES = List.of("popcnt", "ssse3", "sse4.1", "sse4.2");

    /** Features by which a guest runs guests itself. */
    private static final List<String> NESTING = List.of("vmx", "svm");

    /** What virtio gives a disk's serial. */
    private static final int SERIAL_CHARS_MAX = 20;

    private final String domainName;
    private final LaunchSpec spec;
    private final Optional<Path> emulator;
    private final Optional<DacLabel> qemuUser;
    private final Document document;

    private DomainXml(
            String domainName,
            LaunchSpec spec,
            Optional<Path> emulator,
            Optional<DacLabel> qemuUser,
            Document document) {
        this.domainName = domainName;
        this.spec = spec;
        this.emulator = emulator;
        this.qemuUser = qemuUser;
        this.document = document;
    }

    /**
     * The domain's description.
     *
     * @param domainName the domain's name
     * @param emulator QEMU's binary, or the guard if the spec is leased; empty: libvirt finds it
     * @param qemuUser as whom QEMU runs, without any change of owners; empty: as libvirt is configured
     */
    static String of(String domainName, LaunchSpec spec, Optional<Path> emulator, Optional<DacLabel> qemuUser) {
        try {
            Document document = Xml.secureBuilder().newDocument();
            document.appendChild(new DomainXml(domainName, spec, emulator, qemuUser, document).domain());
            return Xml.write(document);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("this Java has no XML", e);
        }
    }

    private Element domain() {
        Element domain = document.createElement("domain");
        domain.setAttribute("type", spec.accelerator() == Accelerator.KVM ? "kvm" : "qemu");
        text(domain, "name", domainName);
        text(domain, "uuid", spec.id().vmId().toString());
        add(domain, "metadata").appendChild(InstanceMetadata.element(document, spec.id()));
        text(domain, "memory", Long.toString(spec.memoryMib())).setAttribute("unit", "MiB");
        memoryBacking(domain);
        text(domain, "vcpu", Integer.toString(spec.vcpus()));
        numaTune(domain);
        os(domain);
        features(domain);
        cpu(domain);
        text(domain, "on_poweroff", "destroy");
        text(domain, "on_reboot", "restart");
        text(domain, "on_crash", "destroy");
        devices(domain);
        spec.lease().ifPresent(lease -> environment(domain, Leasing.environment(spec, lease)));
        qemuUser.ifPresent(user -> {
            Element label = add(domain, "seclabel");
            label.setAttribute("type", "static");
            label.setAttribute("model", "dac");
            label.setAttribute("relabel", "no");
            text(label, "label", user.toString());
        });
        return domain;
    }

    private void environment(Element domain, Map<String, String> variables) {
        Element commandLine = document.createElementNS(QEMU_NAMESPACE, "qemu:commandline");
        variables.forEach((name, value) -> {
            Element variable = document.createElementNS(QEMU_NAMESPACE, "qemu:env");
            variable.setAttribute("name", name);
            variable.setAttribute("value", value);
            commandLine.appendChild(variable);
        });
        domain.appendChild(commandLine);
    }

    private void os(Element domain) {
        Element os = add(domain, "os");
        Element type = text(os, "type", "hvm");
        type.setAttribute("arch", "x86_64");
        type.setAttribute("machine", "q35");
        spec.kernel().ifPresent(boot -> {
            text(os, "kernel", boot.kernel().toString());
            boot.initrd().ifPresent(initrd -> text(os, "initrd", initrd.toString()));
            text(os, "cmdline", boot.cmdline());
        });
    }

    private void features(Element domain) {
        Element features = add(domain, "features");
        add(features, "acpi");
        add(features, "apic");
        if (spec.accelerator() == Accelerator.TCG) {
            Element cache = text(add(features, "tcg"), "tb-cache", Integer.toString(translationCacheMib()));
            cache.setAttribute("unit", "MiB");
        }
    }

    /** QEMU's own default is 1 GiB, which a busy guest fills: more than a small host can spare for each. */
    private int translationCacheMib() {
        if (spec.memoryMib() <= TINY_GUEST_MIB) {
            return 4;
        }
        return spec.memoryMib() <= SMALL_GUEST_MIB ? 64 : 256;
    }

    private void memoryBacking(Element domain) {
        spec.hardware().hugepages().ifPresent(size -> {
            Element page = add(add(add(domain, "memoryBacking"), "hugepages"), "page");
            page.setAttribute("size", Integer.toString(size.mib()));
            page.setAttribute("unit", "MiB");
        });
    }

    private void numaTune(Element domain) {
        GuestHardware hardware = spec.hardware();
        if (hardware.hostNodes().isEmpty()) {
            return;
        }
        Element tune = add(domain, "numatune");
        for (int node = 0; node < hardware.numaNodes(); node++) {
            Element memory = add(tune, hardware.numaNodes() == 1 ? "memory" : "memnode");
            if (hardware.numaNodes() > 1) {
                memory.setAttribute("cellid", Integer.toString(node));
            }
            memory.setAttribute("mode", "preferred");
            memory.setAttribute("nodeset", Integer.toString(hardware.hostNodes().get(node)));
        }
    }

    private void cpu(Element domain) {
        GuestCpu guest = spec.hardware().cpu();
        Element cpu = add(domain, "cpu");
        switch (guest.kind()) {
            case BASELINE -> {
                model(cpu, "qemu64", "none");
                CPU_FEATURES.forEach(name -> feature(cpu, "require", name));
                guest.nesting().ifPresent(name -> feature(cpu, "require", name));
            }
            case HOST_MODEL -> {
                cpu.setAttribute("mode", spec.accelerator() == Accelerator.KVM ? "host-model" : "maximum");
                nesting(cpu, guest);
            }
            case HOST_PASSTHROUGH -> {
                cpu.setAttribute("mode", spec.accelerator() == Accelerator.KVM ? "host-passthrough" : "maximum");
                cpu.setAttribute("migratable", "off");
                nesting(cpu, guest);
            }
            case NAMED -> {
                // A host that lacks a feature refuses the guest, which else would find another CPU than promised. Not
                // "full": QEMU adds features to every model, `hypervisor` for one, and "full" takes those for a fault.
                model(cpu, guest.name(), "partial");
                nesting(cpu, guest);
            }
        }
        cells(cpu);
    }

    private void model(Element cpu, String name, String check) {
        cpu.setAttribute("mode", "custom");
        cpu.setAttribute("match", "exact");
        cpu.setAttribute("check", check);
        text(cpu, "model", name).setAttribute("fallback", "forbid");
    }

    /** These CPUs may have a feature for nesting by themselves. */
    private void nesting(Element cpu, GuestCpu guest) {
        if (guest.nesting().isEmpty()) {
            NESTING.forEach(name -> feature(cpu, "disable", name));
        } else {
            feature(cpu, "require", guest.nesting().get());
        }
    }

    private void feature(Element cpu, String policy, String name) {
        Element feature = add(cpu, "feature");
        feature.setAttribute("policy", policy);
        feature.setAttribute("name", name);
    }

    /** Each NUMA node is a socket, as in the machines that guests know. */
    private void cells(Element cpu) {
        int nodes = spec.hardware().numaNodes();
        if (nodes == 1) {
            return;
        }
        int cores = spec.vcpus() / nodes;
        Element topology = add(cpu, "topology");
        topology.setAttribute("sockets", Integer.toString(nodes));
        topology.setAttribute("cores", Integer.toString(cores));
        topology.setAttribute("threads", "1");
        Element numa = add(cpu, "numa");
        for (int node = 0; node < nodes; node++) {
            Element cell = add(numa, "cell");
            cell.setAttribute("id", Integer.toString(node));
            cell.setAttribute("cpus", node * cores + "-" + ((node + 1) * cores - 1));
            cell.setAttribute("memory", Long.toString(spec.memoryMib() / nodes));
            cell.setAttribute("unit", "MiB");
        }
    }

    private void devices(Element domain) {
        Element devices = add(domain, "devices");
        emulator.ifPresent(path -> text(devices, "emulator", path.toString()));
        int virtio = 0;
        int sata = 0;
        boolean first = true;
        for (LaunchSpec.Disk disk : spec.disks()) {
            String target = disk.bus() == LaunchSpec.Bus.VIRTIO ? target("vd", virtio++) : target("sd", sata++);
            Element element = disk(devices, disk, target);
            if (first && spec.kernel().isEmpty()) {
                add(element, "boot").setAttribute("order", "1");
            }
            first = false;
        }
        for (LaunchSpec.Nic nic : spec.nics()) {
            nic(devices, nic);
        }
        serial(devices);
        Element usb = add(devices, "controller");
        usb.setAttribute("type", "usb");
        usb.setAttribute("model", "none");
        add(devices, "memballoon").setAttribute("model", "none");
        Element rng = add(devices, "rng");
        rng.setAttribute("model", "virtio");
        text(rng, "backend", "/dev/urandom").setAttribute("model", "random");
    }

    private Element disk(Element devices, LaunchSpec.Disk disk, String targetName) {
        Element element = add(devices, "disk");
        element.setAttribute("type", "file");
        element.setAttribute("device", disk.bus() == LaunchSpec.Bus.CDROM ? "cdrom" : "disk");
        Element driver = add(element, "driver");
        driver.setAttribute("name", "qemu");
        driver.setAttribute(
                "type",
                switch (disk.format()) {
                    case RAW -> "raw";
                    case QCOW2 -> "qcow2";
                });
        add(element, "source").setAttribute("file", disk.file().toString());
        Element target = add(element, "target");
        target.setAttribute("dev", targetName);
        target.setAttribute(
                "bus",
                switch (disk.bus()) {
                    case VIRTIO -> "virtio";
                    case IDE, CDROM -> "sata";
                });
        text(
                element,
                "serial",
                disk.name().substring(0, Math.min(SERIAL_CHARS_MAX, disk.name().length())));
        if (disk.readOnly() || disk.bus() == LaunchSpec.Bus.CDROM) {
            add(element, "readonly");
        }
        return element;
    }

    private void nic(Element devices, LaunchSpec.Nic nic) {
        Element element = add(devices, "interface");
        element.setAttribute("type", "user");
        add(element, "mac").setAttribute("address", nic.macAddress());
        add(element, "model")
                .setAttribute(
                        "type",
                        switch (nic.model()) {
                            case VIRTIO -> "virtio";
                            case E1000 -> "e1000";
                        });
    }

    private void serial(Element devices) {
        Element serial = add(devices, "serial");
        serial.setAttribute("type", "file");
        Element source = add(serial, "source");
        source.setAttribute("path", spec.serialLog().toString());
        source.setAttribute("append", "on");
        add(serial, "target").setAttribute("port", "0");
    }

    /** {@code vda}, …, {@code vdz}, {@code vdaa}, …: as Linux names disks. */
    static String target(String prefix, int index) {
        StringBuilder letters = new StringBuilder();
        for (int rest = index; rest >= 0; rest = rest / 26 - 1) {
            letters.insert(0, (char) ('a' + rest % 26));
        }
        return prefix + letters;
    }

    private Element add(Element parent, String name) {
        Element element = document.createElement(name);
        parent.appendChild(element);
        return element;
    }

    private Element text(Element parent, String name, String text) {
        Element element = add(parent, name);
        element.appendChild(document.createTextNode(text));
        return element;
    }
}
