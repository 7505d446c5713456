package io.kelpie.common.resources;

/** What QEMU takes of its host beyond the guest's memory. */
public final class QemuOverhead {
    private QemuOverhead() {}

    /** Guest memory + 64 MiB + 2 % of it (rounded up) + 8 MiB a vCPU, in MiB. */
    public static long memoryMib(long guestMemoryMib, int vcpus) {
        return Math.addExact(guestMemoryMib, 64 + (guestMemoryMib + 49) / 50 + 8L * vcpus);
    }
}
