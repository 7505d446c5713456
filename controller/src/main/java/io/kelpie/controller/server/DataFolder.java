package io.kelpie.controller.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;

/**
 * A controller's data folder in the hands of one process, until it is closed or the process ends. Its id tells this
 * controller from any other that goes by the same controller id; the file {@code controller} in it keeps the id, together
 * with what the machine and the folder were known by when it was made, so that no copy passes for the controller:
 *
 * <pre>
 * folder-id 6f0c...
 * machine-id 2b1d...      /etc/machine-id; empty where there is none
 * folder /var/lib/kelpie  where the folder lay
 * </pre>
 */
final class DataFolder implements AutoCloseable {
    private static final Path MACHINE_ID = Path.of("/etc/machine-id");
    private static final String NAME = "controller";
    private static final String ID = "folder-id ";
    private static final String MACHINE = "machine-id ";
    private static final String FOLDER = "folder ";

    private final FileChannel lock;
    private final UUID id;

    private DataFolder(FileChannel lock, UUID id) {
        this.lock = lock;
        this.id = id;
    }

    /**
     * Takes the folder, which is made if it is not there.
     *
     * @throws IOException if another process uses it, or it is a copy; the message says what to do
     */
    static DataFolder take(Path folder) throws IOException {
        return take(folder, machineId());
    }

    static DataFolder take(Path folder, String machineId) throws IOException {
        Files.createDirectories(folder);
        FileChannel lock =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (!locked(lock)) {
                throw new IOException("another controller uses the dataFolder " + folder
                        + ", and two would lead as one. Fix: end it, or give this one a controllerId, addresses and a"
                        + " dataFolder of its own");
            }
            return new DataFolder(lock, id(folder.toRealPath(), machineId));
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static boolean locked(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException ofThisProcess) {
            return false;
        }
    }

    /** Tells the folder from all others. */
    UUID id() {
        return id;
    }

    /** Gives the folder up. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    private static String machineId() throws IOException {
        try {
            return Files.readString(MACHINE_ID, StandardCharsets.US_ASCII).strip();
        } catch (NoSuchFileException none) {
            return "";
        }
    }

    private static UUID id(Path folder, String machineId) throws IOException {
        Path file = folder.resolve(NAME);
        if (!Files.exists(file)) {
            UUID made = UUID.randomUUID();
            write(file, ID + made + "\n" + MACHINE + machineId + "\n" + FOLDER + folder + "\n");
            return made;
        }
        List<String> lines = Files.readAllLines(file);
        String machine = value(file, lines, MACHINE);
        String former = value(file, lines, FOLDER);
        if (!machine.equals(machineId)) {
            throw copied(
                    file, "belongs to the machine with id '" + machine + "', and this one has id '" + machineId + "'");
        }
        if (!former.equals(folder.toString())) {
            throw copied(file, "was copied or moved from " + former);
        }
        try {
            return UUID.fromString(value(file, lines, ID));
        } catch (IllegalArgumentException e) {
            throw damaged(file);
        }
    }

    private static String value(Path file, List<String> lines, String key) throws IOException {
        for (String line : lines) {
            if (line.startsWith(key)) {
                return line.substring(key.length());
            }
        }
        throw damaged(file);
    }

    private static IOException copied(Path file, String what) {
        return new IOException("the dataFolder " + file.getParent() + " " + what
                + ", and a controller on either would pass for the same one. Fix: on a copy, remove it; after a move, when"
                + " nothing is left where it was, write the present machine-id and folder into " + file);
    }

    private static IOException damaged(Path file) {
        return new IOException(
                file + " does not say which controller this is. Fix: restore it from a copy; or remove the"
                        + " controller from the set while it does not run (kelpie cluster controllers remove ID --confirm-dead),"
                        + " remove the file, and add the controller again");
    }

    private static void write(Path file, String text) throws IOException {
        Path temporary = file.resolveSibling(NAME + ".tmp");
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        }
    }
}
