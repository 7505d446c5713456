package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.GuestCpu;

/** The value of QEMU's {@code -cpu}. Pure. */
final class QemuCpuOption {
    /** The baseline x86-64-v2 that today's distributions are built for; every KVM host since 2009 has it. */
    private static final String BASELINE = "qemu64,+popcnt,+ssse3,+sse4.1,+sse4.2";

    private QemuCpuOption() {}

    static String of(GuestCpu cpu, Accelerator accelerator) {
        String nesting = cpu.nesting().map(feature -> ",+" + feature).orElse("");
        return switch (cpu.kind()) {
            case BASELINE -> BASELINE + nesting;
            case HOST_MODEL -> host(accelerator) + ",migratable=on" + orNone(nesting);
            case HOST_PASSTHROUGH -> host(accelerator) + ",migratable=off" + orNone(nesting);
            // A host that lacks a feature refuses the guest, which else would find another CPU than it was promised.
            case NAMED -> cpu.name() + ",enforce=on" + orNone(nesting);
        };
    }

    /** TCG has no CPU of the host to show; {@code max} is all that it can emulate. */
    private static String host(Accelerator accelerator) {
        return switch (accelerator) {
            case KVM -> "host";
            case TCG -> "max";
        };
    }

    /** These models may have a feature for nesting by themselves. */
    private static String orNone(String nesting) {
        return nesting.isEmpty() ? ",-vmx,-svm" : nesting;
    }
}
