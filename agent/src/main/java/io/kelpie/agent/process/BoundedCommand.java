package io.kelpie.agent.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs short commands whose time and output are bounded. The command gets no input, no environment but {@code PATH} and
 * {@code LC_ALL=C}, and {@code /} as its folder. Stateless; safe to use from several threads.
 */
public final class BoundedCommand {
    private static final Duration PIPE_GRACE = Duration.ofSeconds(2);
    private static final String DEFAULT_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

    private final Duration deadline;
    private final int maxOutputBytes;

    /**
     * @param deadline longest time that a command may take
     * @param maxOutputBytes most that it may write to each of its two outputs
     */
    public BoundedCommand(Duration deadline, int maxOutputBytes) {
        this.deadline = deadline;
        this.maxOutputBytes = maxOutputBytes;
    }

    /**
     * What a command left.
     *
     * @param exitCode its exit code; 128 + number if a signal ended it
     */
    public record Result(int exitCode, String stdout, String stderr) {}

    /** A command was killed because it went beyond its deadline or its output's limit. */
    public static final class LimitExceededException extends IOException {
        private static final long serialVersionUID = 1;

        LimitExceededException(String message) {
            super(message);
        }
    }

    private static final class OutputLimitException extends IOException {
        private static final long serialVersionUID = 1;
    }

    /**
     * Runs a command to its end and leaves no process.
     *
     * @throws LimitExceededException if it went beyond a limit
     * @throws InterruptedIOException if this thread was interrupted; its interrupt status is set
     * @throws IOException if it could not be run
     */
    public Result run(List<String> argv) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(argv).directory(Path.of("/").toFile());
        Map<String, String> environment = builder.environment();
        String path = environment.getOrDefault("PATH", DEFAULT_PATH);
        environment.clear();
        environment.put("PATH", path);
        environment.put("LC_ALL", "C");
        Process process = builder.start();
        try {
            process.getOutputStream().close();
            FutureTask<String> stdout = reader(process, process.getInputStream(), "stdout");
            FutureTask<String> stderr = reader(process, process.getErrorStream(), "stderr");
            if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new LimitExceededException(
                        argv.get(0) + " did not end within " + deadline.toMillis() + " ms and was killed");
            }
            return new Result(process.exitValue(), await(stdout), await(stderr));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted =
                    new InterruptedIOException("interrupted while " + argv.get(0) + " ran");
            interrupted.initCause(e);
            throw interrupted;
        } finally {
            process.destroyForcibly();
        }
    }

    private FutureTask<String> reader(Process process, InputStream stream, String name) {
        FutureTask<String> task = new FutureTask<>(() -> {
            byte[] bytes = stream.readNBytes(maxOutputBytes);
            if (bytes.length == maxOutputBytes && stream.read() >= 0) {
                process.destroyForcibly();
                throw new OutputLimitException();
            }
            return new String(bytes, StandardCharsets.UTF_8);
        });
        Thread thread = new Thread(task, "command-" + name);
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private String await(FutureTask<String> task) throws IOException, InterruptedException {
        try {
            return task.get(PIPE_GRACE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new LimitExceededException("a command ended and left its output open");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof OutputLimitException) {
                throw new LimitExceededException(
                        "a command wrote more than " + maxOutputBytes + " bytes and was killed");
            }
            throw new IOException("the output of a command could not be read", e.getCause());
        }
    }
}
