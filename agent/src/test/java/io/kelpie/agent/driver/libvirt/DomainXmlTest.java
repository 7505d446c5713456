package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LaunchSpec.Bus;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.driver.LaunchSpec.NicModel;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class DomainXmlTest {
    private static final UUID VM = UUID.fromString("1a2b3c4d-0000-4000-8000-000000000001");
    static final LaunchSpec SPEC = Specs.of(Path.of("/pool/web-0"), VM, 7);

    @Test
    void saysWhichInstanceItIs() throws Exception {
        Document domain = domain(SPEC);

        assertThat(value(domain, "/domain/name")).isEqualTo("kelpie-web-0-1a2b3c4d");
        assertThat(value(domain, "/domain/uuid")).isEqualTo(VM.toString());
        assertThat(value(domain, "/domain/metadata/*/@incarnation")).isEqualTo("7");
        assertThat(value(domain, "namespace-uri(/domain/metadata/*)")).isEqualTo(InstanceMetadata.NAMESPACE);
    }

    @Test
    void saysWhatItIsMadeOf() throws Exception {
        Document domain = domain(SPEC);

        assertThat(value(domain, "/domain/@type")).isEqualTo("qemu");
        assertThat(value(domain, "/domain/memory[@unit='MiB']")).isEqualTo("16");
        assertThat(value(domain, "/domain/vcpu")).isEqualTo("1");
        assertThat(value(domain, "/domain/os/type/@machine")).isEqualTo("q35");
        assertThat(value(domain, "/domain/on_poweroff")).isEqualTo("destroy");
        assertThat(value(domain, "/domain/on_reboot")).isEqualTo("restart");
        assertThat(value(domain, "/domain/on_crash")).isEqualTo("destroy");
        assertThat(value(domain, "/domain/devices/serial[@type='file']/source/@path"))
                .isEqualTo("/pool/web-0/serial.log");
        assertThat(value(domain, "/domain/devices/serial/source/@append")).isEqualTo("on");
        assertThat(value(domain, "count(/domain/devices/graphics | /domain/devices/video)"))
                .isEqualTo("0");
    }

    @Test
    void aGuestThatAsksForNothingHasTheBaselineCpuAndNoMemoryOfItsOwn() throws Exception {
        Document domain = domain(SPEC);

        assertThat(value(domain, "/domain/cpu[@mode='custom'][@match='exact'][@check='none']/model"))
                .isEqualTo("qemu64");
        assertThat(value(domain, "count(/domain/cpu/feature[@policy='require'])"))
                .isEqualTo("4");
        assertThat(value(domain, "count(//memoryBacking | //numatune | //numa | //topology)"))
                .isEqualTo("0");
    }

    @Test
    void cpusOfTheHostAreAskedForByMode() throws Exception {
        LaunchSpec kvm = SPEC.toBuilder().accelerator(Accelerator.KVM).build();
        GuestCpu model = new GuestCpu(GuestCpu.Kind.HOST_MODEL, "", Optional.empty());
        GuestCpu same = new GuestCpu(GuestCpu.Kind.HOST_PASSTHROUGH, "", Optional.of("vmx"));

        assertThat(value(domain(with(kvm, model)), "/domain/cpu/@mode")).isEqualTo("host-model");
        assertThat(value(domain(with(kvm, model)), "count(/domain/cpu/feature[@policy='disable'])"))
                .isEqualTo("2");
        assertThat(value(domain(with(kvm, same)), "/domain/cpu[@migratable='off']/@mode"))
                .isEqualTo("host-passthrough");
        assertThat(value(domain(with(kvm, same)), "/domain/cpu/feature[@policy='require']/@name"))
                .isEqualTo("vmx");
        assertThat(value(domain(with(SPEC, model)), "/domain/cpu/@mode"))
                .as("TCG has no CPU of the host to show")
                .isEqualTo("maximum");
    }

    @Test
    void aNamedCpuIsGivenWholeOrNotAtAll() throws Exception {
        Document domain = domain(with(SPEC, new GuestCpu(GuestCpu.Kind.NAMED, "Nehalem", Optional.empty())));

        assertThat(value(domain, "/domain/cpu[@mode='custom'][@match='exact'][@check='partial']/model"))
                .isEqualTo("Nehalem");
    }

    @Test
    void numaNodesAndHugepages() throws Exception {
        Document domain = domain(SPEC.toBuilder()
                .size(4, 1024)
                .hardware(new GuestHardware(GuestCpu.PLAIN, Optional.of(HugepageSize.TWO_MIB), 2, List.of(3, 1)))
                .build());

        assertThat(value(domain, "/domain/memoryBacking/hugepages/page[@unit='MiB']/@size"))
                .isEqualTo("2");
        assertThat(value(domain, "/domain/cpu/topology[@sockets='2'][@threads='1']/@cores"))
                .isEqualTo("2");
        assertThat(value(domain, "/domain/cpu/numa/cell[@id='0'][@unit='MiB'][@memory='512']/@cpus"))
                .isEqualTo("0-1");
        assertThat(value(domain, "/domain/cpu/numa/cell[@id='1']/@cpus")).isEqualTo("2-3");
        assertThat(value(domain, "/domain/numatune/memnode[@cellid='0'][@mode='preferred']/@nodeset"))
                .isEqualTo("3");
        assertThat(value(domain, "/domain/numatune/memnode[@cellid='1']/@nodeset"))
                .isEqualTo("1");
    }

    @Test
    void oneNumaNodeIsBoundWithoutTheGuestSeeingIt() throws Exception {
        Document domain = domain(SPEC.toBuilder()
                .hardware(new GuestHardware(GuestCpu.PLAIN, Optional.empty(), 1, List.of(1)))
                .build());

        assertThat(value(domain, "/domain/numatune/memory[@mode='preferred']/@nodeset"))
                .isEqualTo("1");
        assertThat(value(domain, "count(//numa)")).isEqualTo("0");
    }

    private static LaunchSpec with(LaunchSpec spec, GuestCpu cpu) {
        return spec.toBuilder()
                .hardware(new GuestHardware(cpu, Optional.empty(), 1, List.of()))
                .build();
    }

    @Test
    void onlyTheGuestUnderTcgHasATranslationCache() throws Exception {
        Document kvm = domain(SPEC.toBuilder().accelerator(Accelerator.KVM).build());

        assertThat(value(kvm, "/domain/@type")).isEqualTo("kvm");
        assertThat(value(kvm, "count(//tb-cache)")).isEqualTo("0");
        assertThat(value(domain(SPEC), "//tb-cache[@unit='MiB']")).isEqualTo("4");
    }

    @Test
    void everyDiskSaysItsFormat() throws Exception {
        LaunchSpec spec = SPEC.toBuilder()
                .disks(List.of(
                        Specs.disk("root", Path.of("/p/root.qcow2"), DiskFormat.QCOW2, Bus.VIRTIO),
                        Specs.disk("data", Path.of("/p/data.raw"), DiskFormat.RAW, Bus.IDE),
                        Specs.disk("seed", Path.of("/p/seed.iso"), DiskFormat.RAW, Bus.CDROM),
                        Specs.disk("more", Path.of("/p/more.raw"), DiskFormat.RAW, Bus.VIRTIO)))
                .build();

        Document domain = domain(spec);

        assertThat(disk(domain, "root")).isEqualTo("disk qcow2 /p/root.qcow2 vda virtio writable boot=1");
        assertThat(disk(domain, "data")).isEqualTo("disk raw /p/data.raw sda sata writable boot=");
        assertThat(disk(domain, "seed")).isEqualTo("cdrom raw /p/seed.iso sdb sata readonly boot=");
        assertThat(disk(domain, "more")).isEqualTo("disk raw /p/more.raw vdb virtio writable boot=");
    }

    @Test
    void aKernelIsLoadedDirectly() throws Exception {
        Document domain = domain(SPEC.toBuilder()
                .kernel(new LaunchSpec.KernelBoot(
                        Path.of("/p/vmlinuz"), Optional.of(Path.of("/p/initrd")), "console=ttyS0 a=\"b<c>&d\""))
                .build());

        assertThat(value(domain, "/domain/os/kernel")).isEqualTo("/p/vmlinuz");
        assertThat(value(domain, "/domain/os/initrd")).isEqualTo("/p/initrd");
        assertThat(value(domain, "/domain/os/cmdline")).isEqualTo("console=ttyS0 a=\"b<c>&d\"");
        assertThat(value(domain, "count(//boot)")).isEqualTo("0");
    }

    @Test
    void networkInterfacesAreOfUserMode() throws Exception {
        Document domain = domain(SPEC.toBuilder()
                .nics(List.of(
                        new LaunchSpec.Nic("52:54:00:00:00:01", NicModel.VIRTIO),
                        new LaunchSpec.Nic("52:54:00:00:00:02", NicModel.E1000)))
                .build());

        assertThat(value(domain, "//interface[@type='user'][mac/@address='52:54:00:00:00:01']/model/@type"))
                .isEqualTo("virtio");
        assertThat(value(domain, "//interface[@type='user'][mac/@address='52:54:00:00:00:02']/model/@type"))
                .isEqualTo("e1000");
    }

    @Test
    void textOfOthersStaysText() throws Exception {
        Path hostile = Path.of("/p/a'b\"c<d>&e, f=g/\u00fc]]>.raw");
        LaunchSpec spec = SPEC.toBuilder()
                .disks(List.of(Specs.disk("root", hostile, DiskFormat.RAW, Bus.VIRTIO)))
                .build();

        assertThat(value(domain(spec), "//disk/source/@file")).isEqualTo(hostile.toString());
    }

    @Test
    void qemuRunsAsTheAgentOnlyIfAskedTo() throws Exception {
        String label = "/domain/seclabel[@type='static'][@model='dac'][@relabel='no']/label";
        String asAgent = DomainXml.of("n", SPEC, Optional.empty(), Optional.of(new DacLabel(64, 108)));

        assertThat(value(parse(asAgent), label)).isEqualTo("+64:+108");
        assertThat(value(domain(SPEC), "count(//seclabel)")).isEqualTo("0");
    }

    @Test
    void theEmulatorIsLibvirtsUnlessGiven() throws Exception {
        String given = DomainXml.of("n", SPEC, Optional.of(Path.of("/opt/qemu")), Optional.empty());

        assertThat(value(parse(given), "//emulator")).isEqualTo("/opt/qemu");
        assertThat(value(domain(SPEC), "count(//emulator)")).isEqualTo("0");
    }

    @Test
    void targetsGoOnAfterZ() {
        assertThat(IntStream.of(0, 25, 26, 27, 51, 52).mapToObj(i -> DomainXml.target("vd", i)))
                .containsExactly("vda", "vdz", "vdaa", "vdab", "vdaz", "vdba");
    }

    @Test
    void metadataIsReadAsItWasWritten() throws Exception {
        Document document = Xml.secureBuilder().newDocument();
        document.appendChild(InstanceMetadata.element(document, SPEC.id()));

        assertThat(InstanceMetadata.parse(Xml.write(document))).contains(SPEC.id());
    }

    @Test
    void metadataOfAnotherFormatIsNotOurs() {
        assertThat(InstanceMetadata.parse("<instance format='2' vm='" + VM + "' incarnation='7'/>"))
                .isEmpty();
        assertThat(InstanceMetadata.parse("<instance format='1' vm='" + VM + "' incarnation='0'/>"))
                .isEmpty();
        assertThat(InstanceMetadata.parse("<instance format='1' vm='x' incarnation='7'/>"))
                .isEmpty();
        assertThat(InstanceMetadata.parse("no XML")).isEmpty();
        assertThat(InstanceMetadata.parse("<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"))
                .isEmpty();
    }

    private static Document domain(LaunchSpec spec) throws Exception {
        return parse(DomainXml.of(LibvirtHandle.of(spec).domainName(), spec, Optional.empty(), Optional.empty()));
    }

    private static Document parse(String xml) throws Exception {
        return Xml.secureBuilder().parse(new InputSource(new StringReader(xml)));
    }

    private static String value(Document document, String path) throws Exception {
        return XPathFactory.newInstance().newXPath().evaluate(path, document);
    }

    private static String disk(Document domain, String name) throws Exception {
        String at = "//disk[serial='" + name + "']";
        return String.join(
                " ",
                value(domain, at + "/@device"),
                value(domain, at + "/driver/@type"),
                value(domain, at + "/source/@file"),
                value(domain, at + "/target/@dev"),
                value(domain, at + "/target/@bus"),
                value(domain, "count(" + at + "/readonly)").equals("1") ? "readonly" : "writable",
                "boot=" + value(domain, at + "/boot/@order"));
    }
}
