package io.kelpie.agent.driver.guard;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.agent.driver.ExitInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a guard wrote when its QEMU had ended.
 *
 * @param how what the number means
 * @param number exit code, signal or errno, as {@code how} says
 * @param answered whether QEMU's main loop ever ran
 * @param shutdownReason the reason of QMP's last {@code SHUTDOWN} event, e.g. {@code guest-shutdown}
 */
public record GuardExit(How how, int number, boolean answered, Optional<String> shutdownReason) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern ENDED = Pattern.compile("(exit|signal|exec|refused|deadline) ([0-9]{1,9})");

    /** How QEMU ended. */
    public enum How {
        EXITED,
        SIGNALED,
        /** It could not be executed; the number is errno. */
        EXEC_FAILED,
        /** It was not executed, since the host held no lease of its lineage; the number means nothing. */
        REFUSED,
        /** Its guard killed it, since the host's lease had ended; the number is the signal. */
        DEADLINE
    }

    /** The end of an instance by the end of its lease, if it was that. */
    public Optional<ExitInfo> endOfLease(String stderrTail) {
        return switch (how) {
            case REFUSED ->
                Optional.of(new ExitInfo(
                        ExitInfo.Cause.LEASE_ENDED,
                        0,
                        0,
                        "it was not run: the host's lease under which it was to start had ended before",
                        stderrTail));
            case DEADLINE ->
                Optional.of(new ExitInfo(
                        ExitInfo.Cause.LEASE_ENDED,
                        0,
                        number,
                        "the host's lease ended, and the guard killed QEMU at the deadline",
                        stderrTail));
            case EXITED, SIGNALED, EXEC_FAILED -> Optional.empty();
        };
    }

    /** Reads an exit file; empty if there is none. */
    public static Optional<GuardExit> read(Path path) throws IOException {
        Optional<GuardFile> found = GuardFile.read(path, "kelpie-exit 1");
        if (found.isEmpty()) {
            return Optional.empty();
        }
        GuardFile file = found.get();
        Matcher ended = ENDED.matcher(file.required("ended"));
        if (!ended.matches()) {
            throw file.malformed("ended");
        }
        How how = switch (ended.group(1)) {
            case "exit" -> How.EXITED;
            case "signal" -> How.SIGNALED;
            case "exec" -> How.EXEC_FAILED;
            case "refused" -> How.REFUSED;
            default -> How.DEADLINE;
        };
        return Optional.of(new GuardExit(
                how, Integer.parseInt(ended.group(2)), file.required("answered").equals("yes"), shutdownReason(file)));
    }

    private static Optional<String> shutdownReason(GuardFile file) throws IOException {
        Optional<String> line = file.optional("shutdown");
        if (line.isEmpty()) {
            return Optional.empty();
        }
        try {
            byte[] json = line.get().getBytes(StandardCharsets.ISO_8859_1);
            JsonNode reason = JSON.readTree(json).path("data").path("reason");
            return reason.isTextual() ? Optional.of(reason.asText()) : Optional.empty();
        } catch (JsonProcessingException e) {
            throw file.malformed("shutdown");
        }
    }
}
