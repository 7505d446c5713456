package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverFingerprint;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.proto.v1.Acceleration;
import io.kelpie.proto.v1.DriverChoice;
import java.util.List;

/** Which driver runs an instance, and what executes its guest. Pure: what was asked for, against what was measured. */
record LaunchChoice(DriverKind driver, Accelerator accelerator) {
    /** What the driver has to be able to do. */
    enum Need {
        /** Run instances. */
        RUN,
        /** Run instances that end with the host's lease, whatever becomes of the agent. */
        RUN_LEASED
    }

    private static final String DRIVER_FIELD = "spec.vm.driver";
    private static final String MODE_FIELD = "spec.vm.acceleration.mode";
    private static final String PAGING_FIELD = "spec.vm.acceleration.paging";

    static LaunchChoice of(DriverChoice asked, Acceleration acceleration, Need need, HostStatus host)
            throws StartRejectedException {
        DriverKind driver = driver(asked, need, host);
        return new LaunchChoice(
                driver, driver == DriverKind.FAKE ? rehearsed(acceleration) : accelerator(acceleration, host));
    }

    /** Nothing executes a rehearsed guest, so nothing has to be there for it. */
    private static Accelerator rehearsed(Acceleration asked) {
        return asked.getMode() == Acceleration.Mode.MODE_TCG ? Accelerator.TCG : Accelerator.KVM;
    }

    private static DriverKind driver(DriverChoice asked, Need need, HostStatus host) throws StartRejectedException {
        return switch (asked) {
            case DRIVER_CHOICE_QEMU -> usable(DriverKind.QEMU, need, host);
            case DRIVER_CHOICE_LIBVIRT -> usable(DriverKind.LIBVIRT, need, host);
            case DRIVER_CHOICE_FAKE -> usable(DriverKind.FAKE, need, host);
            case DRIVER_CHOICE_UNSPECIFIED, DRIVER_CHOICE_AUTO -> firstUsable(need, host);
            case UNRECOGNIZED ->
                throw new StartRejectedException(
                        DRIVER_FIELD,
                        "this agent does not know the driver that is asked for. Fix: make the agent as new as the "
                                + "controller",
                        null);
        };
    }

    private static DriverKind usable(DriverKind kind, Need need, HostStatus host) throws StartRejectedException {
        DriverFingerprint found = host.drivers().get(kind);
        if (found == null) {
            throw new StartRejectedException(
                    DRIVER_FIELD,
                    "driver " + name(kind) + " is not enabled on this host. Fix: add it to `drivers` in the agent's "
                            + "configuration, or ask for driver auto",
                    null);
        }
        if (!found.usable()) {
            throw new StartRejectedException(
                    DRIVER_FIELD, "driver " + name(kind) + " cannot be used on this host: " + found.reason(), null);
        }
        if (!can(found, need)) {
            throw new StartRejectedException(
                    DRIVER_FIELD,
                    "driver " + name(kind) + " runs no leased instances on this host: " + found.reason()
                            + ". Fix: ask for driver qemu or auto, or set onHostFailure to leave",
                    null);
        }
        return kind;
    }

    private static boolean can(DriverFingerprint found, Need need) {
        return switch (need) {
            case RUN -> found.usable();
            case RUN_LEASED -> found.usable() && found.canLease();
        };
    }

    private static DriverKind firstUsable(Need need, HostStatus host) throws StartRejectedException {
        StringBuilder reasons = new StringBuilder();
        for (DriverKind kind : List.of(DriverKind.QEMU, DriverKind.LIBVIRT)) {
            DriverFingerprint found = host.drivers().get(kind);
            if (found != null && can(found, need)) {
                return kind;
            }
            reasons.append(reasons.isEmpty() ? "" : "; ")
                    .append(name(kind))
                    .append(": ")
                    .append(found == null ? "not enabled" : found.reason());
        }
        throw new StartRejectedException(DRIVER_FIELD, "no driver of this host can be used (" + reasons + ")", null);
    }

    private static Accelerator accelerator(Acceleration asked, HostStatus host) throws StartRejectedException {
        return switch (asked.getMode()) {
            case MODE_TCG -> Accelerator.TCG;
            case MODE_ANY -> host.kvmVerified() && pagingOk(asked, host) ? Accelerator.KVM : Accelerator.TCG;
            case MODE_UNSPECIFIED, MODE_KVM -> kvm(asked, host);
            case UNRECOGNIZED ->
                throw new StartRejectedException(
                        MODE_FIELD,
                        "this agent does not know the mode that is asked for. Fix: make the agent as new as the "
                                + "controller",
                        null);
        };
    }

    private static Accelerator kvm(Acceleration asked, HostStatus host) throws StartRejectedException {
        if (!host.kvmVerified()) {
            throw new StartRejectedException(
                    MODE_FIELD,
                    "KVM does not run guests on this host: " + host.kvmDetail()
                            + ". Fix: ask for mode any or tcg, or mend KVM on the host",
                    null);
        }
        if (!pagingOk(asked, host)) {
            throw new StartRejectedException(
                    PAGING_FIELD,
                    "KVM on this host translates guest addresses in software. Fix: ask for paging any, or enable EPT or "
                            + "NPT on the host",
                    null);
        }
        return Accelerator.KVM;
    }

    private static boolean pagingOk(Acceleration asked, HostStatus host) {
        return switch (asked.getPaging()) {
            case PAGING_ANY -> true;
            case PAGING_UNSPECIFIED, PAGING_HARDWARE, UNRECOGNIZED -> host.hardwarePaging();
        };
    }

    private static String name(DriverKind kind) {
        return switch (kind) {
            case QEMU -> "qemu";
            case LIBVIRT -> "libvirt";
            case FAKE -> "fake";
        };
    }
}
