package io.kelpie.agent.driver.libvirt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * The QEMU of a VM as the kernel shows it, without libvirt: what libvirtd says may be late, and it may not answer.
 *
 * @param pid its process id
 * @param handle the process; empty if there was none any more when it was looked up
 * @param vmId the VM that the process runs, by its command line
 */
record QemuProcess(long pid, Optional<ProcessHandle> handle, UUID vmId) {
    /** The process that libvirtd wrote down for a domain; empty if it wrote none, or if this agent may not see it. */
    static Optional<QemuProcess> of(Path stateFolder, String domainName, UUID vmId) {
        try {
            long pid =
                    Long.parseLong(Files.readString(stateFolder.resolve(domainName + ".pid"), StandardCharsets.US_ASCII)
                            .strip());
            return Optional.of(new QemuProcess(pid, ProcessHandle.of(pid), vmId));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Whether it is still this VM's QEMU. A zombie is not: its command line is empty. */
    boolean isAlive() {
        try {
            String commandLine =
                    Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"), StandardCharsets.ISO_8859_1);
            return handle.isPresent() && handle.get().isAlive() && commandLine.contains("\0-uuid\0" + vmId + "\0");
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Sends SIGKILL. The handle knows the process's start, so that no other process is hit.
     *
     * @return whether this agent may
     */
    boolean kill() {
        return handle.isPresent() && (!isAlive() || handle.get().destroyForcibly());
    }
}
