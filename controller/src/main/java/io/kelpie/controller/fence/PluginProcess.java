package io.kelpie.controller.fence;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a plug-in's program: in a process group of its own, without input, with an environment that the caller gives
 * beside {@code PATH} and {@code LC_ALL=C}. No process of the group is left when it returns. Stateless.
 */
final class PluginProcess {
    /** What is kept of each output; the rest is read and dropped. */
    static final int MAX_OUTPUT_BYTES = 4096;

    private static final String DEFAULT_PATH = "/usr/sbin:/usr/bin:/sbin:/bin";
    private static final long KILL_SECONDS = 5;
    private static final long PIPE_MILLIS = 500;
    private static final Logger log = LoggerFactory.getLogger(PluginProcess.class);

    private PluginProcess() {}

    /** How a run has ended. */
    sealed interface End {
        String stdout();

        String stderr();

        /** By itself; {@code code} is 128 + number if a signal ended it. */
        record Exited(int code, String stdout, String stderr) implements End {}

        /** It was killed after its time. */
        record TimedOut(String stdout, String stderr) implements End {}
    }

    /**
     * Runs a program to its end.
     *
     * @throws IOException if it could not be started
     */
    static End run(List<String> argv, Map<String, String> environment, long limitNanos)
            throws IOException, InterruptedException {
        List<String> ownGroup = new ArrayList<>(List.of("setsid"));
        ownGroup.addAll(argv);
        ProcessBuilder builder =
                new ProcessBuilder(ownGroup).directory(Path.of("/").toFile());
        String path = builder.environment().getOrDefault("PATH", DEFAULT_PATH);
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().put("PATH", path);
        builder.environment().put("LC_ALL", "C");
        Process process = builder.start();
        FutureTask<String> stdout = reader(process.getInputStream());
        FutureTask<String> stderr = reader(process.getErrorStream());
        boolean ended;
        try {
            process.getOutputStream().close();
            ended = process.waitFor(Math.max(0, limitNanos), TimeUnit.NANOSECONDS);
        } finally {
            // Those that have left the group are found only as long as their parents live.
            List<ProcessHandle> strays = process.descendants().toList();
            killGroup(process.pid());
            strays.forEach(ProcessHandle::destroyForcibly);
            // Not by Process, which would close the outputs before they are read.
            process.toHandle().destroyForcibly();
        }
        String out = taken(stdout);
        String err = taken(stderr);
        return ended ? new End.Exited(process.waitFor(), out, err) : new End.TimedOut(out, err);
    }

    /** The kernel ends all processes of the group at once; {@code setsid} made the program's pid its number. */
    private static void killGroup(long pid) {
        try {
            Process kill = new ProcessBuilder("sh", "-c", "kill -s KILL -- -" + pid)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(KILL_SECONDS, TimeUnit.SECONDS)) {
                kill.destroyForcibly();
            }
        } catch (IOException e) {
            log.warn("processes of a fence plug-in may be left: kill cannot be run", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static FutureTask<String> reader(InputStream stream) {
        FutureTask<String> task = new FutureTask<>(() -> {
            ByteArrayOutputStream kept = new ByteArrayOutputStream();
            byte[] piece = new byte[8192];
            int read = stream.read(piece);
            while (read >= 0) {
                kept.write(piece, 0, Math.min(read, MAX_OUTPUT_BYTES - kept.size()));
                read = stream.read(piece);
            }
            return kept.toString(StandardCharsets.UTF_8);
        });
        Thread thread = new Thread(task, "kelpie-fence-output");
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    /** The output; all who could write it are dead, unless one has left both group and parent. */
    private static String taken(FutureTask<String> output) throws InterruptedException {
        try {
            return output.get(PIPE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            return "(an output is held open by a process that the plug-in has left)";
        } catch (ExecutionException e) {
            return "(an output could not be read: " + e.getCause() + ")";
        }
    }
}
