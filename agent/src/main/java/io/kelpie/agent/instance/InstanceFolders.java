package io.kelpie.agent.instance;

import io.kelpie.agent.driver.InstanceId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.UUID;

/**
 * Where the files of instances lie. Pure: touches no disk.
 *
 * @param instances folder of all VMs, one folder a VM and in it one an incarnation
 * @param run short folder for sockets; gone after a reboot
 */
public record InstanceFolders(Path instances, Path run) {
    /** Bytes of the hash that names a run folder. A socket's path must stay below 108 bytes. */
    private static final int RUN_NAME_BYTES = 8;

    /** All files of a VM that are no disks. */
    public Path vm(UUID vmId) {
        return instances.resolve(vmId.toString());
    }

    /** What all instances of a VM on this host have printed on their first serial port. */
    public Path serialLog(UUID vmId) {
        return vm(vmId).resolve("serial.log");
    }

    /** Durable files of one instance. */
    public Path instance(InstanceId id) {
        return vm(id.vmId()).resolve(Long.toString(id.incarnation()));
    }

    /** The cloud-init seed of one instance. */
    public Path seed(InstanceId id) {
        return instance(id).resolve("seed.img");
    }

    /** Sockets of one instance. */
    public Path run(InstanceId id) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(id.toString().getBytes(StandardCharsets.UTF_8));
            return run.resolve(HexFormat.of().formatHex(digest, 0, RUN_NAME_BYTES));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
