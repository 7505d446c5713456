package io.kelpie.agent.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.GuestCpu;
import io.kelpie.agent.driver.GuestHardware;
import io.kelpie.agent.driver.HugepageSize;
import io.kelpie.proto.v1.Cpu;
import io.kelpie.proto.v1.DeviceRequest;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.VmTemplate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HardwareChoiceTest {
    private static final LaunchChoice KVM = new LaunchChoice(DriverKind.QEMU, Accelerator.KVM);
    private static final LaunchChoice TCG = new LaunchChoice(DriverKind.LIBVIRT, Accelerator.TCG);
    private static final CpuSupport CPUS =
            new CpuSupport(Accelerator.KVM, Set.of("EPYC", "qemu64"), Optional.of("svm"));

    private static VmTemplate.Builder template() {
        return VmTemplate.newBuilder().setVcpus(4).setMemoryMib(2048);
    }

    private static GuestHardware of(VmTemplate.Builder template, LaunchChoice choice, Integer... hostNodes)
            throws StartRejectedException {
        return HardwareChoice.of(template.build(), List.of(hostNodes), choice, CPUS);
    }

    private static GuestCpu cpu(String model, boolean nested, LaunchChoice choice) throws StartRejectedException {
        return of(template().setCpu(Cpu.newBuilder().setModel(model).setNested(nested)), choice)
                .cpu();
    }

    @Test
    void whoAsksForNothingGetsWhatThereAlwaysWas() throws StartRejectedException {
        assertThat(of(template(), KVM)).isEqualTo(GuestHardware.PLAIN);
        assertThat(of(
                        template()
                                .setHugepages(Hugepages.HUGEPAGES_NONE)
                                .setNuma(Numa.newBuilder().setNodes(1)),
                        KVM))
                .isEqualTo(GuestHardware.PLAIN);
        assertThat(GuestHardware.PLAIN.isPlainMemory()).isTrue();
    }

    @Test
    void pagesAndNumaNodesAreThoseAskedForOnTheHostsThatWereChosen() throws StartRejectedException {
        assertThat(of(
                        template()
                                .setHugepages(Hugepages.HUGEPAGES_1GI)
                                .setNuma(Numa.newBuilder().setNodes(2)),
                        KVM,
                        3,
                        1))
                .isEqualTo(new GuestHardware(GuestCpu.PLAIN, Optional.of(HugepageSize.ONE_GIB), 2, List.of(3, 1)));
    }

    @Test
    void cpusAreChosenByWord() throws StartRejectedException {
        assertThat(cpu("", false, KVM)).isEqualTo(GuestCpu.PLAIN);
        assertThat(cpu("host-model", false, KVM))
                .isEqualTo(new GuestCpu(GuestCpu.Kind.HOST_MODEL, "", Optional.empty()));
        assertThat(cpu("host-passthrough", true, KVM))
                .isEqualTo(new GuestCpu(GuestCpu.Kind.HOST_PASSTHROUGH, "", Optional.of("svm")));
        assertThat(cpu("EPYC", false, KVM)).isEqualTo(new GuestCpu(GuestCpu.Kind.NAMED, "EPYC", Optional.empty()));
        assertThat(cpu("Nehalem", false, TCG).name())
                .as("the host has measured its models under KVM, so nothing is known of TCG's")
                .isEqualTo("Nehalem");
    }

    @Test
    void tcgEmulatesVirtualisationOnAnyHost() throws StartRejectedException {
        assertThat(HardwareChoice.of(
                                template()
                                        .setCpu(Cpu.newBuilder().setNested(true))
                                        .build(),
                                List.of(),
                                TCG,
                                CpuSupport.UNKNOWN)
                        .cpu()
                        .nesting())
                .contains("svm");
    }

    static Stream<Arguments> rejected() {
        return Stream.of(
                row(
                        "spec.vm.devices",
                        vm -> vm.addDevices(
                                DeviceRequest.newBuilder().setKind("gpu").setCount(1))),
                row("spec.vm.hugepages", vm -> vm.setHugepagesValue(99)),
                row("spec.vm.numa.nodes", vm -> vm.setNuma(Numa.newBuilder().setNodes(3))),
                row("spec.vm.numa.nodes", vm -> vm.setNuma(Numa.newBuilder())),
                row("spec.vm.cpu.model", vm -> vm.setCpu(Cpu.newBuilder().setModel("Nehalem"))),
                row("spec.vm.cpu.model", vm -> vm.setCpu(Cpu.newBuilder().setModel("EPYC,+x"))));
    }

    @ParameterizedTest(name = "[{index}] {0}")
    @MethodSource("rejected")
    void isRejectedByNameOfTheField(String field, Consumer<VmTemplate.Builder> change) {
        VmTemplate.Builder template = template();
        change.accept(template);
        StartRejectedException rejection = catchThrowableOfType(StartRejectedException.class, () -> of(template, KVM));
        assertThat(rejection.field()).isEqualTo(field);
        assertThat(rejection.getMessage()).isNotBlank();
    }

    @Test
    void aChoiceOfAnotherNumberOfNodesIsRejected() {
        assertThat(catchThrowableOfType(StartRejectedException.class, () -> of(template(), KVM, 0, 1))
                        .field())
                .isEqualTo("spec.vm.numa.nodes");
    }

    @Test
    void kvmThatNestsNothingIsNotReplacedSilently() {
        StartRejectedException rejection = catchThrowableOfType(
                StartRejectedException.class,
                () -> HardwareChoice.of(
                        template().setCpu(Cpu.newBuilder().setNested(true)).build(),
                        List.of(),
                        KVM,
                        CpuSupport.UNKNOWN));
        assertThat(rejection.field()).isEqualTo("spec.vm.cpu.nested");
        assertThat(rejection).hasMessageContaining("nested=1");
    }

    @Test
    void aRehearsalTakesEverything() throws StartRejectedException {
        VmTemplate.Builder template = template()
                .setHugepages(Hugepages.HUGEPAGES_1GI)
                .setCpu(Cpu.newBuilder().setModel("any"))
                .addDevices(DeviceRequest.newBuilder().setKind("gpu").setCount(1));
        assertThat(of(template, new LaunchChoice(DriverKind.FAKE, Accelerator.KVM)))
                .isEqualTo(GuestHardware.PLAIN);
    }

    private static Arguments row(String field, Consumer<VmTemplate.Builder> change) {
        return Arguments.of(field, change);
    }
}
