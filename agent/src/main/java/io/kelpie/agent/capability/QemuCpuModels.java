package io.kelpie.agent.capability;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kelpie.agent.driver.Accelerator;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a QEMU without a machine, by QMP on its own two streams, with a deadline. Leaves no process. Safe to use from
 * several threads.
 */
final class QemuCpuModels implements CpuModels {
    private static final Logger LOG = LoggerFactory.getLogger(QemuCpuModels.class);

    private static final Duration EXIT_GRACE = Duration.ofSeconds(2);
    private static final int OUTPUT_BYTES_MAX = 4 << 20;
    private static final int MODELS_MAX = 1_000;

    /** Not the same CPU on every host. */
    private static final Set<String> NO_MODELS = Set.of("base", "host", "max");

    private static final String COMMANDS = """
            {"execute": "qmp_capabilities"}
            {"execute": "query-cpu-definitions", "id": "models"}
            {"execute": "quit"}
            """;

    private final Path qemuBinary;
    private final Duration deadline;

    QemuCpuModels(Path qemuBinary, Duration deadline) {
        this.qemuBinary = qemuBinary;
        this.deadline = deadline;
    }

    @Override
    public List<String> usable(Accelerator accelerator) throws InterruptedException {
        try {
            return parse(ask(accelerator));
        } catch (IOException e) {
            LOG.warn("QEMU does not tell its CPU models under {}", accelerator, e);
            return List.of();
        }
    }

    private String ask(Accelerator accelerator) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(argv(accelerator))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        CompletableFuture.delayedExecutor(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .execute(process::destroyForcibly);
        try {
            OutputStream commands = process.getOutputStream();
            commands.write(COMMANDS.getBytes(StandardCharsets.UTF_8));
            commands.flush();
            return new String(process.getInputStream().readNBytes(OUTPUT_BYTES_MAX), StandardCharsets.UTF_8);
        } finally {
            if (!process.waitFor(EXIT_GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor(EXIT_GRACE.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
    }

    private List<String> argv(Accelerator accelerator) {
        return List.of(
                qemuBinary.toString(),
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-machine",
                "none",
                "-accel",
                accelerator == Accelerator.KVM ? "kvm" : "tcg",
                "-qmp",
                "stdio");
    }

    /**
     * The usable models in what QEMU wrote: a JSON value a line, one of them the answer.
     *
     * @throws IOException if there is no answer
     */
    static List<String> parse(String output) throws IOException {
        JsonMapper json = JsonMapper.builder().build();
        for (String line : output.lines().toList()) {
            JsonNode message;
            try {
                message = json.readTree(line);
            } catch (JsonProcessingException e) {
                continue; // a line that was cut off
            }
            if (message.path("id").asText().equals("models")) {
                if (!message.path("return").isArray()) {
                    throw new IOException("QEMU answered " + message.path("error"));
                }
                return usable(message.path("return"));
            }
        }
        throw new IOException("QEMU gave no answer");
    }

    private static List<String> usable(JsonNode definitions) {
        List<String> models = new ArrayList<>();
        for (JsonNode definition : definitions) {
            String name = definition.path("name").asText();
            JsonNode missing = definition.path("unavailable-features");
            // Without the list QEMU does not know whether the host can run the model.
            if (missing.isArray() && missing.isEmpty() && !NO_MODELS.contains(name) && models.size() < MODELS_MAX) {
                models.add(name);
            }
        }
        Collections.sort(models);
        return List.copyOf(models);
    }
}
