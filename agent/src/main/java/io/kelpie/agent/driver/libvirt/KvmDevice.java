package io.kelpie.agent.driver.libvirt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/** Whether the kernel's KVM device is shut to libvirt's QEMU user. */
final class KvmDevice {
    private static final Set<PosixFilePermission> ALL =
            Set.of(PosixFilePermission.OTHERS_READ, PosixFilePermission.OTHERS_WRITE);
    private static final Set<PosixFilePermission> GROUP =
            Set.of(PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE);

    private KvmDevice() {}

    /**
     * A sentence for the operator if the device is there and neither all users nor a group of its own may open it; such a
     * device makes libvirt probe QEMU anew at every call. Empty if it is absent, or open enough as far as can be seen.
     */
    static Optional<String> complaint(Path device) {
        try {
            PosixFileAttributes attributes = Files.readAttributes(device, PosixFileAttributes.class);
            boolean open = attributes.permissions().containsAll(ALL)
                    || (attributes.permissions().containsAll(GROUP)
                            && !attributes.group().getName().equals("root"));
            return open
                    ? Optional.empty()
                    : Optional.of(device + " cannot be opened by QEMU's user, so that libvirt probes QEMU anew at every"
                            + " call: chgrp kvm " + device + " && chmod 660 " + device);
        } catch (IOException | UnsupportedOperationException e) {
            return Optional.empty();
        }
    }
}
