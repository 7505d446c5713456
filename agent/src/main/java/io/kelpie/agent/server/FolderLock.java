package io.kelpie.agent.server;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Holds a folder for this process until it is closed or the process ends, however it ends. */
final class FolderLock implements AutoCloseable {
    private final FileChannel file;

    private FolderLock(FileChannel file) {
        this.file = file;
    }

    /**
     * Takes a folder that exists.
     *
     * @param setting names the folder in the agent's configuration
     * @throws StartupException if another process holds it
     */
    static FolderLock take(Path folder, String setting) throws StartupException, IOException {
        FileChannel file =
                FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = file.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            file.close();
            throw new StartupException(
                    "another agent uses the " + setting + " " + folder
                            + ", and two would command the same VMs. Fix: end it, or give this one a " + setting
                            + " of its own",
                    null);
        }
        return new FolderLock(file);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
