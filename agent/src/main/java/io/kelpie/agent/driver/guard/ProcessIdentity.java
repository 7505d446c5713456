package io.kelpie.agent.driver.guard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Names a process for as long as the machine runs: a pid alone may be given to another process.
 *
 * @param pid its process id
 * @param startTicks when it was started, in clock ticks since boot (field 22 of {@code /proc/PID/stat})
 */
public record ProcessIdentity(long pid, long startTicks) {
    /** Fields of {@code /proc/PID/stat} after the name, which is field 2. */
    private static final int STATE = 0;

    private static final int START_TIME = 19;

    /** Whether the process exists and is no zombie. */
    public boolean isAlive() {
        Optional<String[]> fields = stat();
        return fields.isPresent()
                && Long.parseLong(fields.get()[START_TIME]) == startTicks
                && !fields.get()[STATE].equals("Z")
                && !fields.get()[STATE].equals("X");
    }

    /** Sends SIGKILL, if this very process exists. Returns at once. */
    public void kill() {
        // The handle keeps the start time of the process that it found and is good for no other one.
        ProcessHandle.of(pid).filter(handle -> isAlive()).ifPresent(ProcessHandle::destroyForcibly);
    }

    private Optional<String[]> stat() {
        String stat;
        try {
            stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return Optional.empty(); // gone, before or while it was read
        }
        // The name is in parentheses and may hold any character.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ");
        return fields.length > START_TIME ? Optional.of(fields) : Optional.empty();
    }
}
