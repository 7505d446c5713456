package io.kelpie.agent.driver;

import java.util.Optional;

/**
 * CPU that a guest sees.
 *
 * @param kind what it is derived from
 * @param name name of a model of QEMU, a plain word; empty unless the kind is NAMED
 * @param nesting the feature by which the guest runs guests itself, {@code vmx} or {@code svm}; empty: it cannot
 */
public record GuestCpu(Kind kind, String name, Optional<String> nesting) {
    /** What a guest gets that asks for nothing. */
    public static final GuestCpu PLAIN = new GuestCpu(Kind.BASELINE, "", Optional.empty());

    /** What a CPU is derived from. */
    public enum Kind {
        /** x86-64-v2, the same on every host and with every driver. */
        BASELINE,
        /** The host's CPU, less what would tie the guest to this host. */
        HOST_MODEL,
        /** The host's CPU as it is. */
        HOST_PASSTHROUGH,
        /** A model of QEMU, with every feature of it. */
        NAMED
    }
}
