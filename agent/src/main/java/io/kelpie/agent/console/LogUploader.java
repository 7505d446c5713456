package io.kelpie.agent.console;

import com.google.protobuf.ByteString;
import io.kelpie.agent.link.LogOpener;
import io.kelpie.agent.link.Transport;
import io.kelpie.proto.v1.OpenLog;
import io.kelpie.proto.v1.UploadLogRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Uploads the serial logs that the leader asks for, each on a thread of its own, never faster than the leader takes
 * them: what is not sent stays in the file.
 *
 * <p>Thread-safe. {@link #open} does not block.
 */
public final class LogUploader implements LogOpener {
    private static final Logger LOG = LoggerFactory.getLogger(LogUploader.class);

    private static final Duration POLL = Duration.ofMillis(100);
    private static final int CHUNK_BYTES = 32 * 1024;
    private static final int OPEN_MAX = 64;

    private final Function<UUID, Path> logOf;
    private final ExecutorService executor;
    private final Semaphore free = new Semaphore(OPEN_MAX);

    /**
     * @param logOf the serial log of a VM
     * @param executor starts a thread for each upload
     */
    public LogUploader(Function<UUID, Path> logOf, ExecutorService executor) {
        this.logOf = logOf;
        this.executor = executor;
    }

    @Override
    public void open(OpenLog request, Function<Transport.LogListener, Transport.LogCall> call) {
        Upload upload = new Upload(request);
        try {
            executor.execute(() -> upload.run(call));
        } catch (RejectedExecutionException e) {
            LOG.debug("log {} is not uploaded: the agent ends", request.getLogId());
        }
    }

    private static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** One upload. All but the callbacks runs on one thread. */
    private final class Upload implements Transport.LogListener {
        private final OpenLog request;
        private final ReentrantLock lock = new ReentrantLock();
        private final Condition changed = lock.newCondition();
        private boolean ended;

        Upload(OpenLog request) {
            this.request = request;
        }

        @Override
        public void onReady() {
            signal(false);
        }

        @Override
        public void onEnded() {
            signal(true);
        }

        private void signal(boolean end) {
            lock.lock();
            try {
                ended |= end;
                changed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        void run(Function<Transport.LogListener, Transport.LogCall> begin) {
            Transport.LogCall call = begin.apply(this);
            boolean taken = free.tryAcquire();
            try {
                call.send(UploadLogRequest.newBuilder()
                        .setLogId(request.getLogId())
                        .build());
                Optional<String> error = taken
                        ? upload(call)
                        : Optional.of("the host already uploads " + OPEN_MAX + " logs. Fix: end one of them");
                error.ifPresent(message -> call.send(
                        UploadLogRequest.newBuilder().setError(message).build()));
                call.complete();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                call.complete();
            } finally {
                if (taken) {
                    free.release();
                }
            }
        }

        /** @return why the log cannot be read, if so */
        private Optional<String> upload(Transport.LogCall call) throws InterruptedException {
            Optional<Path> file = uuid(request.getVmId()).map(logOf);
            Path folder = file.map(Path::getParent).orElse(null);
            if (file.isEmpty() || folder == null || !Files.isDirectory(folder)) {
                return Optional.of("this host has no instance of VM " + request.getVmId());
            }
            while (request.getFollow() && !Files.exists(file.get())) {
                if (!Files.isDirectory(folder) || !pause()) {
                    return Optional.empty();
                }
            }
            boolean fromTail = true;
            boolean more = true;
            while (more) {
                try (FileChannel log = FileChannel.open(file.get(), StandardOpenOption.READ)) {
                    more = send(call, file.get(), log, fromTail);
                } catch (NoSuchFileException e) {
                    more = false; // the guest has printed nothing, or its VM is forgotten
                } catch (IOException e) {
                    return Optional.of("the log cannot be read: " + e);
                }
                fromTail = false;
            }
            return Optional.empty();
        }

        /** @return true if another file has taken the log's place, which is to be read from its beginning */
        private boolean send(Transport.LogCall call, Path file, FileChannel log, boolean fromTail)
                throws IOException, InterruptedException {
            Object opened = key(file);
            long position = fromTail && request.getTailBytes() != 0 ? Math.max(0, log.size() - tailBytes()) : 0;
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
            boolean replaced = false;
            while (awaitReady(call)) {
                if (log.size() < position) {
                    position = 0; // it was truncated
                }
                chunk.clear();
                int read = log.read(chunk, position);
                if (read > 0) {
                    position += read;
                    chunk.flip();
                    call.send(UploadLogRequest.newBuilder()
                            .setData(ByteString.copyFrom(chunk))
                            .build());
                } else if (replaced) {
                    return true;
                } else if (!request.getFollow() || !pause()) {
                    return false;
                } else {
                    // What was written before it was replaced is read first.
                    replaced = !key(file).equals(opened);
                }
            }
            return false;
        }

        /** Tells a file from another one that takes its name. */
        private static Object key(Path file) throws IOException {
            Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            return key == null ? file : key;
        }

        private long tailBytes() {
            return request.getTailBytes() < 0 ? Long.MAX_VALUE : request.getTailBytes();
        }

        /** @return false if nobody wants more */
        private boolean awaitReady(Transport.LogCall call) throws InterruptedException {
            lock.lock();
            try {
                while (!ended && !call.isReady()) {
                    changed.await(POLL.toMillis(), TimeUnit.MILLISECONDS);
                }
                return !ended;
            } finally {
                lock.unlock();
            }
        }

        /** Waits until the file may have grown. */
        private boolean pause() throws InterruptedException {
            lock.lock();
            try {
                long left = POLL.toNanos();
                while (!ended && left > 0) {
                    left = changed.awaitNanos(left);
                }
                return !ended;
            } finally {
                lock.unlock();
            }
        }
    }
}
