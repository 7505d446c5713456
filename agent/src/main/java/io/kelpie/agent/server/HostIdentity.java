package io.kelpie.agent.server;

import io.kelpie.agent.fencing.DurableFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which host this is: a random UUID, kept in the data folder together with the machine's id, so that a copied folder or
 * a cloned machine does not pass for another host. Holds the folder for this process until it is closed.
 */
final class HostIdentity implements AutoCloseable {
    private static final String HOST_PREFIX = "host-id ";
    private static final String MACHINE_PREFIX = "machine-id ";

    private final UUID hostId;
    private final FileChannel lockFile;

    private HostIdentity(UUID hostId, FileChannel lockFile) {
        this.hostId = hostId;
        this.lockFile = lockFile;
    }

    /**
     * Takes the folder, and reads or makes the host's id.
     *
     * @throws StartupException if another agent uses the folder, or if it belongs to another machine
     */
    static HostIdentity take(Path dataFolder, String machineId) throws StartupException, IOException {
        DurableFile.createFolders(dataFolder);
        FileChannel lockFile = lock(dataFolder);
        try {
            return new HostIdentity(hostId(dataFolder.resolve("host"), machineId), lockFile);
        } catch (IOException | StartupException e) {
            lockFile.close();
            throw e;
        }
    }

    UUID hostId() {
        return hostId;
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }

    private static FileChannel lock(Path dataFolder) throws IOException, StartupException {
        FileChannel channel =
                FileChannel.open(dataFolder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new StartupException(
                    "another agent uses the data folder " + dataFolder
                            + ", and two would command the same VMs. Fix: end "
                            + "it, or give this one a dataFolder of its own",
                    null);
        }
        return channel;
    }

    private static UUID hostId(Path file, String machineId) throws IOException, StartupException {
        if (!Files.exists(file)) {
            UUID hostId = UUID.randomUUID();
            DurableFile.write(file, HOST_PREFIX + hostId + "\n" + MACHINE_PREFIX + machineId + "\n");
            return hostId;
        }
        List<String> lines = Files.readAllLines(file);
        if (lines.size() != 2
                || !lines.get(0).startsWith(HOST_PREFIX)
                || !lines.get(1).startsWith(MACHINE_PREFIX)) {
            throw damaged(file, null);
        }
        String recorded = lines.get(1).substring(MACHINE_PREFIX.length());
        if (!recorded.equals(machineId)) {
            throw new StartupException(
                    "the data folder belongs to the machine with id '" + recorded + "', and this one has id '"
                            + machineId
                            + "' (/etc/machine-id): the folder or the machine was copied, and two hosts with one id would "
                            + "run each other's VMs. Fix: on a copy, remove the data folder (" + file.getParent()
                            + ") and its VMs' disks; on the same host with a new machine-id, change the id in " + file,
                    null);
        }
        try {
            return UUID.fromString(lines.get(0).substring(HOST_PREFIX.length()));
        } catch (IllegalArgumentException e) {
            throw damaged(file, e);
        }
    }

    private static StartupException damaged(Path file, @Nullable Throwable cause) {
        return new StartupException(
                file
                        + " does not say which host this is. Fix: restore it from a copy, or write the host's id, as `kelpie "
                        + "get hosts -o wide` shows it, into the line `" + HOST_PREFIX + "<id>`, and the content of "
                        + "/etc/machine-id into a second line `" + MACHINE_PREFIX + "<id>`",
                cause);
    }
}
