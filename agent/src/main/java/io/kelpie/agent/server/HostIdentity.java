package io.kelpie.agent.server;

import io.kelpie.agent.fencing.DurableFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which host this is: a random UUID, kept in the data folder together with what the machine and the folder were known by
 * when it was made, so that neither a cloned machine nor a copied folder passes for another host.
 *
 * <pre>
 * host-id 6f0c...
 * machine-id 2b1d...      /etc/machine-id
 * product-id 4c4c...      the firmware's UUID; no such line where it cannot be read
 * folder /var/lib/kelpie  where the data folder lay
 * </pre>
 *
 * Holds the folder for this process until it is closed.
 */
final class HostIdentity implements AutoCloseable {
    private static final String HOST = "host-id ";
    private static final String MACHINE = "machine-id ";
    private static final String PRODUCT = "product-id ";
    private static final String FOLDER = "folder ";

    private final UUID hostId;
    private final FolderLock lock;

    private HostIdentity(UUID hostId, FolderLock lock) {
        this.hostId = hostId;
        this.lock = lock;
    }

    /**
     * Takes the folder, and reads or makes the host's id.
     *
     * @throws StartupException if another agent uses the folder, or if it belongs to another machine or was copied
     */
    static HostIdentity take(Path dataFolder, Machine machine) throws StartupException, IOException {
        DurableFile.createFolders(dataFolder);
        FolderLock lock = FolderLock.take(dataFolder, "dataFolder");
        try {
            return new HostIdentity(hostId(dataFolder.toRealPath(), machine), lock);
        } catch (IOException | StartupException e) {
            lock.close();
            throw e;
        }
    }

    UUID hostId() {
        return hostId;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static UUID hostId(Path dataFolder, Machine machine) throws IOException, StartupException {
        Path file = dataFolder.resolve("host");
        if (!Files.exists(file)) {
            UUID hostId = UUID.randomUUID();
            DurableFile.write(file, text(hostId, machine, dataFolder));
            return hostId;
        }
        List<String> lines = Files.readAllLines(file);
        UUID hostId = id(file, lines);
        checkMachine(file, required(file, lines, MACHINE), machine);
        Optional<String> product = value(lines, PRODUCT);
        if (product.isPresent()) {
            checkProduct(file, product.get(), machine);
        }
        Optional<String> folder = value(lines, FOLDER);
        if (folder.isPresent()) {
            checkFolder(file, folder.get(), dataFolder);
        }
        if (folder.isEmpty() || (product.isEmpty() && !machine.productId().isEmpty())) {
            DurableFile.write(file, text(hostId, machine, dataFolder)); // written by an older agent, or as another user
        }
        return hostId;
    }

    private static String text(UUID hostId, Machine machine, Path dataFolder) {
        String product = machine.productId().isEmpty() ? "" : PRODUCT + machine.productId() + "\n";
        return HOST + hostId + "\n" + MACHINE + machine.machineId() + "\n" + product + FOLDER + dataFolder + "\n";
    }

    private static void checkMachine(Path file, String recorded, Machine machine) throws StartupException {
        if (!recorded.equals(machine.machineId())) {
            throw new StartupException(
                    "the data folder belongs to the machine with id '" + recorded + "', and this one has id '"
                            + machine.machineId()
                            + "' (/etc/machine-id): the folder or the machine was copied, and two hosts with one id would "
                            + "run each other's VMs. Fix: on a copy, remove the data folder (" + file.getParent()
                            + ") and its VMs' disks; on the same host with a new machine-id, change the id in " + file,
                    null);
        }
    }

    /** One who may not read the firmware's id cannot compare it. */
    private static void checkProduct(Path file, String recorded, Machine machine) throws StartupException {
        if (!machine.productId().isEmpty() && !recorded.equals(machine.productId())) {
            throw new StartupException(
                    "the data folder belongs to the machine with product UUID '" + recorded + "', and this one has '"
                            + machine.productId()
                            + "' (/sys/class/dmi/id/product_uuid): the machine was cloned, and two hosts with one id would "
                            + "run each other's VMs. Fix: on the clone, give it a machine-id of its own "
                            + "(systemd-machine-id-setup) and remove the data folder (" + file.getParent()
                            + ") and its VMs' disks; on the same host with a new mainboard, remove the line `"
                            + PRODUCT.strip() + "` from " + file,
                    null);
        }
    }

    private static void checkFolder(Path file, String recorded, Path dataFolder) throws StartupException {
        if (!recorded.equals(dataFolder.toString())) {
            throw new StartupException(
                    "the data folder " + dataFolder + " was copied or moved from " + recorded
                            + ", and an agent on either would pass for the same host. Fix: on a copy, remove it; after a "
                            + "move, when nothing is left at " + recorded + ", remove the line `" + FOLDER.strip()
                            + "` from " + file,
                    null);
        }
    }

    private static UUID id(Path file, List<String> lines) throws StartupException {
        try {
            return UUID.fromString(required(file, lines, HOST));
        } catch (IllegalArgumentException e) {
            throw damaged(file, e);
        }
    }

    private static String required(Path file, List<String> lines, String key) throws StartupException {
        Optional<String> value = value(lines, key);
        if (value.isEmpty()) {
            throw damaged(file, null);
        }
        return value.get();
    }

    private static Optional<String> value(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()))
                .findFirst();
    }

    private static StartupException damaged(Path file, @Nullable Throwable cause) {
        return new StartupException(
                file
                        + " does not say which host this is. Fix: restore it from a copy, or write the host's id, as `kelpie "
                        + "get hosts -o wide` shows it, into the line `" + HOST + "<id>`, and the content of "
                        + "/etc/machine-id into a second line `" + MACHINE + "<id>`",
                cause);
    }
}
