package io.kelpie.agent.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.instance.LaunchChoice.Need;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.Acceleration.Mode;
import io.kelpie.proto.v1.Acceleration.Paging;
import io.kelpie.proto.v1.DriverChoice;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaunchChoiceTest {
    private static final DriverFingerprint GOOD = new DriverFingerprint(true, "1", "", true);
    private static final DriverFingerprint BAD = new DriverFingerprint(false, "", "it is broken", false);

    private static HostStatus host(boolean kvm, boolean hardwarePaging) {
        return new HostStatus(
                Map.of(DriverKind.QEMU, GOOD), kvm, kvm ? "" : "it hung", hardwarePaging, CpuSupport.UNKNOWN);
    }

    private static Acceleration acceleration(Mode mode, Paging paging) {
        return Acceleration.newBuilder().setMode(mode).setPaging(paging).build();
    }

    @ParameterizedTest
    @CsvSource({
        "MODE_TCG,         PAGING_HARDWARE, false, false, TCG",
        "MODE_KVM,         PAGING_HARDWARE, true,  true,  KVM",
        "MODE_UNSPECIFIED, PAGING_UNSPECIFIED, true, true, KVM",
        "MODE_KVM,         PAGING_ANY,      true,  false, KVM",
        "MODE_ANY,         PAGING_HARDWARE, true,  true,  KVM",
        "MODE_ANY,         PAGING_HARDWARE, true,  false, TCG",
        "MODE_ANY,         PAGING_ANY,      true,  false, KVM",
        "MODE_ANY,         PAGING_ANY,      false, false, TCG",
    })
    void anAcceleratorIsChosen(Mode mode, Paging paging, boolean kvm, boolean hardware, Accelerator chosen)
            throws StartRejectedException {
        assertThat(LaunchChoice.of(
                                DriverChoice.DRIVER_CHOICE_AUTO,
                                acceleration(mode, paging),
                                Need.RUN,
                                host(kvm, hardware))
                        .accelerator())
                .isEqualTo(chosen);
    }

    @ParameterizedTest
    @CsvSource({
        "PAGING_ANY,      false, true,  spec.vm.acceleration.mode",
        "PAGING_HARDWARE, true,  false, spec.vm.acceleration.paging",
    })
    void kvmThatIsNotThereIsRejected(Paging paging, boolean kvm, boolean hardware, String field) {
        StartRejectedException rejection = catchThrowableOfType(
                StartRejectedException.class,
                () -> LaunchChoice.of(
                        DriverChoice.DRIVER_CHOICE_QEMU,
                        acceleration(Mode.MODE_KVM, paging),
                        Need.RUN,
                        host(kvm, hardware)));
        assertThat(rejection.field()).isEqualTo(field);
        assertThat(rejection).hasMessageContaining("Fix:");
    }

    private static DriverKind driver(DriverChoice asked, Map<DriverKind, DriverFingerprint> drivers)
            throws StartRejectedException {
        return driver(asked, Need.RUN, drivers);
    }

    private static DriverKind driver(DriverChoice asked, Need need, Map<DriverKind, DriverFingerprint> drivers)
            throws StartRejectedException {
        return LaunchChoice.of(
                        asked,
                        acceleration(Mode.MODE_TCG, Paging.PAGING_ANY),
                        need,
                        new HostStatus(drivers, false, "", false, CpuSupport.UNKNOWN))
                .driver();
    }

    @Test
    void autoTakesTheFirstUsableDriverAndNeverTheFakeOne() throws StartRejectedException {
        assertThat(driver(DriverChoice.DRIVER_CHOICE_AUTO, Map.of(DriverKind.LIBVIRT, GOOD, DriverKind.QEMU, GOOD)))
                .isEqualTo(DriverKind.QEMU);
        assertThat(driver(
                        DriverChoice.DRIVER_CHOICE_UNSPECIFIED, Map.of(DriverKind.LIBVIRT, GOOD, DriverKind.QEMU, BAD)))
                .isEqualTo(DriverKind.LIBVIRT);
        StartRejectedException rejection = catchThrowableOfType(
                StartRejectedException.class,
                () -> driver(DriverChoice.DRIVER_CHOICE_AUTO, Map.of(DriverKind.FAKE, GOOD, DriverKind.QEMU, BAD)));
        assertThat(rejection).hasMessageContaining("it is broken").hasMessageContaining("libvirt: not enabled");
        assertThat(rejection.field()).isEqualTo("spec.vm.driver");
    }

    @Test
    void aNamedDriverMustBeUsable() {
        assertThat(catchThrowableOfType(
                        StartRejectedException.class,
                        () -> driver(DriverChoice.DRIVER_CHOICE_LIBVIRT, Map.of(DriverKind.LIBVIRT, BAD))))
                .hasMessageContaining("it is broken");
        assertThat(catchThrowableOfType(
                        StartRejectedException.class,
                        () -> driver(DriverChoice.DRIVER_CHOICE_FAKE, Map.of(DriverKind.QEMU, GOOD))))
                .hasMessageContaining("not enabled");
    }

    @Test
    void aLeasedInstanceNeedsADriverThatCanLease() throws StartRejectedException {
        DriverFingerprint withoutLeases = DriverFingerprint.withoutLeases("9", "no guard ends its QEMU");
        assertThat(driver(
                        DriverChoice.DRIVER_CHOICE_AUTO,
                        Need.RUN_LEASED,
                        Map.of(DriverKind.LIBVIRT, GOOD, DriverKind.QEMU, withoutLeases)))
                .isEqualTo(DriverKind.LIBVIRT);
        assertThat(driver(DriverChoice.DRIVER_CHOICE_AUTO, Need.RUN, Map.of(DriverKind.LIBVIRT, withoutLeases)))
                .isEqualTo(DriverKind.LIBVIRT);
        for (DriverChoice asked : List.of(DriverChoice.DRIVER_CHOICE_AUTO, DriverChoice.DRIVER_CHOICE_LIBVIRT)) {
            assertThat(catchThrowableOfType(
                            StartRejectedException.class,
                            () -> driver(asked, Need.RUN_LEASED, Map.of(DriverKind.LIBVIRT, withoutLeases))))
                    .hasMessageContaining("no guard ends its QEMU");
        }
    }

    @Test
    void aRehearsedGuestNeedsNoKvm() throws StartRejectedException {
        LaunchChoice choice = LaunchChoice.of(
                DriverChoice.DRIVER_CHOICE_FAKE,
                acceleration(Mode.MODE_KVM, Paging.PAGING_HARDWARE),
                Need.RUN,
                new HostStatus(Map.of(DriverKind.FAKE, GOOD), false, "", false, CpuSupport.UNKNOWN));
        assertThat(choice).isEqualTo(new LaunchChoice(DriverKind.FAKE, Accelerator.KVM));
    }
}
