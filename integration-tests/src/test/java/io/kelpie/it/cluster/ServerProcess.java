package io.kelpie.it.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program that runs beside the test until it is ended: started, asked to end, killed, frozen. Its output is appended
 * to {@link #log()}. Not safe for use by several threads at once.
 */
public final class ServerProcess implements AutoCloseable {
    private static final int END_SECONDS = 20;

    private final String name;
    private final List<String> command;
    private final Map<String, String> environment;
    private final Path log;
    private @Nullable Process process;

    /** Describes the program; {@link #start} runs it. */
    public ServerProcess(String name, List<String> command, Map<String, String> environment, Path log) {
        this.name = name;
        this.command = List.copyOf(command);
        this.environment = Map.copyOf(environment);
        this.log = log;
    }

    /** Starts it, for the first time or again. */
    public void start() throws IOException {
        if (isAlive()) {
            throw new IllegalStateException(name + " runs already");
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        process = builder.start();
    }

    public String name() {
        return name;
    }

    public Path log() {
        return log;
    }

    /** The end of the log, for messages. */
    public String logTail() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 40), lines.size()));
        } catch (IOException e) {
            return "(no log: " + e.getMessage() + ")";
        }
    }

    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    public long pid() {
        return running().pid();
    }

    /** SIGKILL, and waits until it is gone. */
    public void kill() throws InterruptedException {
        running().destroyForcibly();
        awaitEnd();
    }

    /** SIGTERM, and waits until it is gone. */
    public void terminate() throws InterruptedException {
        running().destroy();
        awaitEnd();
    }

    /** SIGSTOP. */
    public void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** SIGCONT. */
    public void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    /** Asks it to end; kills it if it does not. */
    @Override
    public void close() throws InterruptedException {
        Process present = process;
        if (present == null || !present.isAlive()) {
            return;
        }
        present.destroy();
        if (!present.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            present.destroyForcibly();
            awaitEnd();
        }
    }

    private void awaitEnd() throws InterruptedException {
        if (!running().waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError(name + " has not ended within " + END_SECONDS + " s:\n" + logTail());
        }
    }

    private void signal(String signal) throws IOException, InterruptedException {
        int status = new ProcessBuilder("kill", "-" + signal, String.valueOf(pid()))
                .inheritIO()
                .start()
                .waitFor();
        if (status != 0) {
            throw new AssertionError("kill -" + signal + " of " + name + " failed");
        }
    }

    private Process running() {
        Process present = process;
        if (present == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return present;
    }
}
