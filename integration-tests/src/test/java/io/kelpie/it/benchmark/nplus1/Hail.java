package io.kelpie.it.benchmark.nplus1;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The program {@code hail}, run on a file, from its start to its end.
 *
 * @param program path or name
 */
public record Hail(String program) {
    /** So long it may take. */
    public static final int SECONDS_MAX = 120;

    /**
     * A run.
     *
     * @param nanos how long it took, or how long it was waited for
     * @param ended false: it was ended, as it took too long
     */
    public record Run(long nanos, boolean ended) {
        public double seconds() {
            return nanos / 1e9;
        }
    }

    /** As {@code hail --version} says. */
    public String version() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(program, "--version").start();
        process.getOutputStream().close();
        try (var lines = process.inputReader()) {
            String first = lines.readLine();
            process.waitFor();
            return first == null ? "unknown" : first;
        }
    }

    /**
     * Places the one VM that is asked for.
     *
     * @param capacityChecks whether the cluster must stay able to restart the VMs of any one node
     * @throws IOException if it finds no place, or fails
     */
    public Run allocate(Path input, boolean capacityChecks) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program));
        if (!capacityChecks) {
            command.add("--no-capacity-checks");
        }
        command.add(input.toString());
        Path output = Files.createTempFile("hail", ".out");
        Path errors = Files.createTempFile("hail", ".err");
        try {
            long begin = System.nanoTime();
            Process process = new ProcessBuilder(command)
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile())
                    .start();
            boolean ended = process.waitFor(SECONDS_MAX, TimeUnit.SECONDS);
            long nanos = System.nanoTime() - begin;
            if (!ended) {
                process.destroyForcibly().waitFor();
                return new Run(nanos, false);
            }
            check(process.exitValue(), Files.readString(output), Files.readString(errors));
            return new Run(nanos, true);
        } finally {
            Files.delete(output);
            Files.delete(errors);
        }
    }

    private static void check(int exit, String output, String errors) throws IOException {
        JsonNode answer = exit == 0 ? new ObjectMapper().readTree(output) : null;
        if (answer == null
                || !answer.path("success").asBoolean()
                || answer.path("result").isEmpty()) {
            throw new IOException("hail placed nothing (exit " + exit + "): " + output + errors);
        }
    }
}
