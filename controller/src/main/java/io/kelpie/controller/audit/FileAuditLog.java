package io.kelpie.controller.audit;

import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as files of JSON lines: {@code audit.log}, and {@code audit.log.1} (the latest) to {@code audit.log.N} before it.
 * A logging library would neither force a line to the disk nor tell its caller that it could not be written.
 *
 * <p>Callers that append at the same time share one {@code fsync}. A line that was not written whole, because the disk was
 * full or the machine stopped, is ended before the next one.
 */
public final class FileAuditLog implements AuditLog, AutoCloseable {
    /** A file that has grown to this gives way to a new one. */
    static final long MAX_FILE_BYTES = 64L * 1024 * 1024;

    /** Former files that are kept. */
    static final int FORMER_FILES = 9;

    private static final int OUTCOMES_WAITING = 10_000;
    private static final Logger log = LoggerFactory.getLogger(FileAuditLog.class);

    private final Path file;
    private final long maxFileBytes;
    private final TimeSource time;
    private final ThreadPoolExecutor outcomes;

    /** Guards the file, its replacement and what was written; never held during a force. */
    private final Object writing = new Object();

    /** Held during a force. */
    private final Object forcing = new Object();

    private @Nullable FileChannel channel;
    /** Number of the last line. */
    private long written;

    /** Lines up to this one are on disk, or were given up. */
    private long forced;

    /** Lines up to this one that were not forced by then never will be. */
    private long lost;

    /** Opens the log; what it holds is kept. */
    public FileAuditLog(Path file, TimeSource time) throws IOException {
        this(file, MAX_FILE_BYTES, time);
    }

    FileAuditLog(Path file, long maxFileBytes, TimeSource time) throws IOException {
        this.file = file;
        this.maxFileBytes = maxFileBytes;
        this.time = time;
        this.outcomes = new ThreadPoolExecutor(
                0,
                1,
                10,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(OUTCOMES_WAITING),
                task -> {
                    Thread thread = new Thread(task, "kelpie-audit");
                    thread.setDaemon(true);
                    return thread;
                },
                (task, executor) -> log.warn("an outcome is missing from the audit log: too many wait"));
        synchronized (writing) {
            open();
        }
    }

    @Override
    public void append(AuditEntry entry) throws IOException {
        String line = new AuditLine(time.wallMillis())
                .with("id", entry.requestId())
                .with("method", entry.method())
                .with("subject", entry.subject())
                .with("detail", entry.detail())
                .with("peer", entry.peer())
                .end();
        force(write(line));
    }

    @Override
    public void outcome(String requestId, String outcome) {
        String line = new AuditLine(time.wallMillis())
                .with("id", requestId)
                .with("outcome", outcome)
                .end();
        outcomes.execute(() -> {
            try {
                write(line);
            } catch (IOException e) {
                log.warn("an outcome is missing from the audit log", e);
            }
        });
    }

    /** @return the number of the line, to be forced */
    private long write(String line) throws IOException {
        byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
        synchronized (writing) {
            try {
                FileChannel present = channel == null ? open() : channel;
                if (present.size() > 0 && present.size() + bytes.length > maxFileBytes) {
                    present = rotate(present);
                }
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    present.write(rest);
                }
                return ++written;
            } catch (IOException e) {
                giveUp();
                throw e;
            }
        }
    }

    private void force(long line) throws IOException {
        synchronized (forcing) {
            FileChannel present;
            long upTo;
            synchronized (writing) {
                if (forced >= line) {
                    return; // somebody else's force has come after this line
                }
                present = channel;
                upTo = written;
                if (present == null || line <= lost) {
                    throw new IOException("the audit log was closed, or could not be written meanwhile");
                }
            }
            try {
                present.force(false);
            } catch (IOException e) {
                synchronized (writing) {
                    if (forced >= line) {
                        return; // the file has given way to a new one meanwhile, and was forced before
                    }
                    giveUp();
                }
                throw e;
            }
            synchronized (writing) {
                forced = Math.max(forced, upTo);
            }
        }
    }

    private FileChannel open() throws IOException {
        FileChannel opened = FileChannel.open(
                file,
                Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            long size = opened.size();
            opened.position(size);
            ByteBuffer last = ByteBuffer.allocate(1);
            if (size > 0 && opened.read(last, size - 1) == 1 && last.get(0) != '\n') {
                opened.write(ByteBuffer.wrap(new byte[] {'\n'}));
            }
            forceFolder();
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        channel = opened;
        return opened;
    }

    private FileChannel rotate(FileChannel full) throws IOException {
        full.force(false); // lines of others are in it and still wait for their force
        forced = written;
        full.close();
        channel = null;
        for (int i = FORMER_FILES - 1; i >= 1; i--) {
            if (Files.exists(former(i))) {
                Files.move(former(i), former(i + 1), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Files.move(file, former(1), StandardCopyOption.REPLACE_EXISTING);
        return open();
    }

    private Path former(int number) {
        return file.resolveSibling(file.getFileName() + "." + number);
    }

    private void forceFolder() throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        try (FileChannel opened = FileChannel.open(folder, StandardOpenOption.READ)) {
            opened.force(true);
        }
    }

    /**
     * The next line opens the file anew. What was not forced by now is lost: what the kernel once failed to write it may
     * call written when it is asked again.
     */
    private void giveUp() {
        FileChannel present = channel;
        channel = null;
        lost = written;
        if (present != null) {
            try {
                present.close();
            } catch (IOException e) {
                log.warn("the audit log could not be closed", e);
            }
        }
    }

    /** Waits for outcomes under way. */
    @Override
    public void close() {
        outcomes.shutdown();
        try {
            if (!outcomes.awaitTermination(1, TimeUnit.SECONDS)) {
                outcomes.shutdownNow();
            }
        } catch (InterruptedException e) {
            outcomes.shutdownNow();
            Thread.currentThread().interrupt();
        }
        synchronized (writing) {
            giveUp();
        }
    }
}
