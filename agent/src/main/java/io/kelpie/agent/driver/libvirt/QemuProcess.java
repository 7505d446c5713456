package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.guard.ProcessIdentity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * The QEMU of a VM as the kernel shows it, without libvirt: what libvirtd says may be late, and it may not answer. Of a
 * leased instance libvirt knows the guard, which QEMU does not outlive.
 *
 * @param libvirtsPid id of the process that libvirt takes for QEMU: the guard, if there is one
 * @param handle the process; empty if there was none any more when it was looked up
 * @param vmId the VM that the process runs, by its command line
 * @param instanceFolder where the guard, if there is one, wrote down its QEMU
 */
record QemuProcess(long libvirtsPid, Optional<ProcessHandle> handle, UUID vmId, Path instanceFolder) {
    /** The process that libvirtd wrote down for a domain; empty if it wrote none, or if this agent may not see it. */
    static Optional<QemuProcess> of(Path stateFolder, LibvirtHandle domain, UUID vmId) {
        try {
            long pid = Long.parseLong(
                    Files.readString(stateFolder.resolve(domain.domainName() + ".pid"), StandardCharsets.US_ASCII)
                            .strip());
            return Optional.of(new QemuProcess(pid, ProcessHandle.of(pid), vmId, domain.instanceFolder()));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Whether it is still this VM's QEMU. A zombie is not: its command line is empty. */
    boolean isAlive() {
        return isOneAlive()
                || Leasing.qemu(instanceFolder).filter(ProcessIdentity::isAlive).isPresent();
    }

    /** QEMU's process id. */
    long pid() {
        return Leasing.qemu(instanceFolder).map(ProcessIdentity::pid).orElse(libvirtsPid);
    }

    private boolean isOneAlive() {
        try {
            String commandLine = Files.readString(
                    Path.of("/proc", Long.toString(libvirtsPid), "cmdline"), StandardCharsets.ISO_8859_1);
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
