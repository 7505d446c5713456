package io.kelpie.agent.driver.fake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.ExitInfo.Cause;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.InstanceStatus.Power;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;

/**
 * A fake instance, as it lies in {@code fake.state} in its folder: one JSON object, replaced atomically.
 *
 * @param id the instance
 * @param vmName its VM's name
 * @param bootId boot of the machine that it belongs to: as a real one, it does not survive the next
 * @param runsAtMillis when its CPUs begin to run, in milliseconds since 1970: it lives on while no agent runs
 * @param paused whether its CPUs are stopped
 * @param exit how it ended
 */
record FakeState(
        InstanceId id, String vmName, String bootId, long runsAtMillis, boolean paused, Optional<ExitInfo> exit) {
    static final String FILE_NAME = "fake.state";

    private static final int FORMAT = 1;
    private static final int SIGKILL = 9;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The instance as it is at an instant, given how its VM behaves. */
    FakeState at(long nowMillis, String currentBootId, FakeBehavior behavior) {
        if (exit.isPresent()) {
            return this;
        }
        if (!bootId.equals(currentBootId)) {
            return ended(Cause.LOST, 0, "the host was booted anew while it ran");
        }
        if (behavior.crashAfter().isPresent()
                && nowMillis >= runsAtMillis + behavior.crashAfter().get().toMillis()) {
            return ended(Cause.CRASHED, SIGKILL, "the fake hypervisor was ended by signal 9");
        }
        if (behavior.shutdownAfter().isPresent()
                && nowMillis >= runsAtMillis + behavior.shutdownAfter().get().toMillis()) {
            return ended(Cause.GUEST_SHUTDOWN, 0, "the guest shut itself down");
        }
        return this;
    }

    InstanceStatus status(long nowMillis, FakeBehavior behavior) {
        return new InstanceStatus(power(nowMillis, behavior), 0, exit);
    }

    private Power power(long nowMillis, FakeBehavior behavior) {
        if (exit.isPresent()) {
            return Power.GONE;
        }
        if (behavior.frozen()) {
            return Power.UNRESPONSIVE;
        }
        if (nowMillis < runsAtMillis) {
            return Power.STARTING;
        }
        return paused ? Power.PAUSED : Power.RUNNING;
    }

    FakeState withPaused(boolean nowPaused) {
        return new FakeState(id, vmName, bootId, runsAtMillis, nowPaused, exit);
    }

    FakeState ended(Cause cause, int signal, String message) {
        return ended(new ExitInfo(cause, 0, signal, message, ""));
    }

    FakeState ended(ExitInfo how) {
        return new FakeState(id, vmName, bootId, runsAtMillis, paused, Optional.of(how));
    }

    // ---- file -------------------------------------------------------------------------------------------------------

    /** Reads the state in an instance's folder; empty if there is none. */
    static Optional<FakeState> read(Path folder) throws IOException {
        JsonNode json;
        try {
            json = JSON.readTree(Files.readString(folder.resolve(FILE_NAME)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (json.path("format").asInt() != FORMAT) {
            throw new IOException(folder.resolve(FILE_NAME) + " is not of format " + FORMAT);
        }
        String[] id = json.path("instance").asText().split("/");
        return Optional.of(new FakeState(
                new InstanceId(UUID.fromString(id[0]), Long.parseLong(id[1])),
                json.path("vmName").asText(),
                json.path("bootId").asText(),
                json.path("runsAtMillis").asLong(),
                json.path("paused").asBoolean(),
                json.has("exit") ? Optional.of(readExit(json.path("exit"))) : Optional.empty()));
    }

    private static ExitInfo readExit(JsonNode json) {
        return new ExitInfo(
                Cause.valueOf(json.path("cause").asText()),
                json.path("exitCode").asInt(),
                json.path("signal").asInt(),
                json.path("message").asText(),
                json.path("stderrTail").asText());
    }

    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path temporary = Files.createTempFile(folder, FILE_NAME, ".tmp");
        Files.writeString(temporary, toJson());
        Files.move(temporary, folder.resolve(FILE_NAME), StandardCopyOption.ATOMIC_MOVE);
    }

    private String toJson() throws JsonProcessingException {
        ObjectNode json = JSON.createObjectNode();
        json.put("format", FORMAT);
        json.put("instance", id.toString());
        json.put("vmName", vmName);
        json.put("bootId", bootId);
        json.put("runsAtMillis", runsAtMillis);
        json.put("paused", paused);
        exit.ifPresent(how -> json.putObject("exit")
                .put("cause", how.cause().name())
                .put("exitCode", how.exitCode())
                .put("signal", how.signal())
                .put("message", how.message())
                .put("stderrTail", how.stderrTail()));
        return JSON.writeValueAsString(json);
    }
}
