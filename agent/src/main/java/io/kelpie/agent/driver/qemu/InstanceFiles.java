package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.guard.GuardExit;
import io.kelpie.agent.driver.guard.GuardRecord;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The files of one instance.
 *
 * <pre>
 * INSTANCE/guard.record   pids, start times and boot id, by the guard
 * INSTANCE/guard.exit     how QEMU ended, by the guard
 * INSTANCE/guard.lock     locked while the guard or QEMU lives; not empty: no guard may start here any more
 * INSTANCE/qemu.stderr    standard error of both
 * INSTANCE/commanded      exists once the agent has set out to end the instance
 * RUN/qmp                 QMP socket
 * </pre>
 *
 * @param instanceFolder durable folder of the instance
 * @param runFolder folder of the instance for sockets
 */
record InstanceFiles(Path instanceFolder, Path runFolder) {
    static final String RECORD_NAME = "guard.record";

    private static final int HANDLE_VERSION = 1;
    private static final int STDERR_TAIL_BYTES = 2048;

    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FOLDER =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    Path recordFile() {
        return instanceFolder.resolve(RECORD_NAME);
    }

    Path exitFile() {
        return instanceFolder.resolve("guard.exit");
    }

    Path lockFile() {
        return instanceFolder.resolve("guard.lock");
    }

    Path stderrFile() {
        return instanceFolder.resolve("qemu.stderr");
    }

    Path commandedFile() {
        return instanceFolder.resolve("commanded");
    }

    Path qmpSocket() {
        return runFolder.resolve("qmp");
    }

    // ---- handle -----------------------------------------------------------------------------------------------------

    /** Version 1: both folders as base64url of UTF-8, joined by a dot. */
    DriverHandle handle() {
        return new DriverHandle(DriverKind.QEMU, HANDLE_VERSION, encode(instanceFolder) + "." + encode(runFolder));
    }

    static InstanceFiles of(DriverHandle handle) throws DriverException {
        if (handle.driver() != DriverKind.QEMU || handle.version() != HANDLE_VERSION) {
            throw new DriverException("a handle of driver " + handle.driver() + ", version " + handle.version()
                    + ", is not one of the qemu driver of this agent");
        }
        String[] folders = handle.data().split("\\.", -1);
        if (folders.length != 2) {
            throw new DriverException("the handle '" + handle.data() + "' is malformed");
        }
        InstanceFiles files;
        try {
            files = new InstanceFiles(decode(folders[0]), decode(folders[1]));
        } catch (IllegalArgumentException e) {
            throw new DriverException("the handle '" + handle.data() + "' is malformed", "", e);
        }
        if (!files.instanceFolder.isAbsolute() || !files.runFolder.isAbsolute()) {
            throw new DriverException("the handle '" + handle.data() + "' is malformed");
        }
        return files;
    }

    private static String encode(Path path) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(path.toAbsolutePath().toString().getBytes(StandardCharsets.UTF_8));
    }

    private static Path decode(String text) {
        return Path.of(new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8));
    }

    // ---- all of them ------------------------------------------------------------------------------------------------

    /** The records of all instances that have one, {@code <root>/<vm id>/<incarnation>}. */
    static List<GuardRecord> records(Path root) throws DriverException {
        List<GuardRecord> found = new ArrayList<>();
        for (Path vm : folders(root)) {
            for (Path incarnation : folders(vm)) {
                Path file = incarnation.resolve(RECORD_NAME);
                try {
                    GuardRecord.read(file).ifPresent(found::add);
                } catch (IOException e) {
                    throw unreadable(file, e);
                }
            }
        }
        return found;
    }

    private static List<Path> folders(Path root) throws DriverException {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> children =
                Files.newDirectoryStream(root, child -> Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS))) {
            children.forEach(found::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of(); // removed meanwhile
        } catch (IOException | DirectoryIteratorException e) {
            throw new DriverException("cannot list " + root + ": " + e.getMessage(), "", e);
        }
        return found;
    }

    // ---- contents ---------------------------------------------------------------------------------------------------

    void createFolders() throws IOException {
        Files.createDirectories(instanceFolder, PRIVATE_FOLDER);
        Files.createDirectories(runFolder, PRIVATE_FOLDER);
    }

    Optional<GuardRecord> record() throws DriverException {
        try {
            return GuardRecord.read(recordFile());
        } catch (IOException e) {
            throw unreadable(recordFile(), e);
        }
    }

    Optional<GuardExit> exit() throws DriverException {
        try {
            return GuardExit.read(exitFile());
        } catch (IOException e) {
            throw unreadable(exitFile(), e);
        }
    }

    /** The end of what QEMU and its guard wrote to standard error, at most 2 KiB. */
    String stderrTail() throws DriverException {
        try (RandomAccessFile file = new RandomAccessFile(stderrFile().toFile(), "r")) {
            file.seek(Math.max(0, file.length() - STDERR_TAIL_BYTES));
            byte[] tail = new byte[(int) Math.min(STDERR_TAIL_BYTES, file.length() - file.getFilePointer())];
            file.readFully(tail);
            return new String(tail, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            if (!Files.exists(stderrFile())) {
                return "";
            }
            throw unreadable(stderrFile(), e);
        }
    }

    boolean isCommanded() {
        return Files.exists(commandedFile());
    }

    /** Notes, durably, that the agent is about to end the instance: its end is no crash. */
    void markCommanded() throws DriverException {
        try {
            writeDurably(commandedFile(), "on command\n", StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw unreadable(commandedFile(), e);
        }
    }

    /**
     * Closes an instance of which there is no record: no guard can go on for it from now on.
     *
     * @return false if a guard or QEMU holds the lock, so the record is about to come
     */
    boolean close() throws DriverException {
        if (!Files.isDirectory(instanceFolder)) {
            return true; // a guard cannot go on without its lock file either
        }
        try (FileChannel channel = FileChannel.open(
                        lockFile(), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
                @SuppressWarnings("try")
                        FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return false;
            }
            if (channel.size() == 0) {
                channel.write(ByteBuffer.wrap("closed\n".getBytes(StandardCharsets.US_ASCII)));
                channel.force(true);
                syncFolder();
            }
            return true;
        } catch (OverlappingFileLockException e) {
            return false; // another thread of this process is closing it
        } catch (IOException e) {
            throw unreadable(lockFile(), e);
        }
    }

    private void writeDurably(Path path, String text, StandardOpenOption... options) throws IOException {
        try (FileChannel channel = FileChannel.open(path, options)) {
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
            channel.force(true);
        }
        syncFolder();
    }

    private void syncFolder() throws IOException {
        try (FileChannel folder = FileChannel.open(instanceFolder, StandardOpenOption.READ)) {
            folder.force(true);
        }
    }

    private static DriverException unreadable(Path path, IOException cause) {
        String why = cause instanceof NoSuchFileException ? "it does not exist" : String.valueOf(cause.getMessage());
        return new DriverException("cannot use " + path + ": " + why, "", cause);
    }
}
