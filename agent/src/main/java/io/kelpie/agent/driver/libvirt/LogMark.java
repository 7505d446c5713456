package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.BootId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where in its domain's log an instance begins; kept in the instance's folder. libvirtd's log of a domain is appended to
 * by every instance of the VM, and outlives boots.
 *
 * @param bootId boot of the host in which the instance was started
 * @param offset length of the log before the start, in bytes
 */
record LogMark(String bootId, long offset) {
    private static final String FILE = "libvirt-log-mark";

    static LogMark now(Path log) throws IOException {
        return new LogMark(BootId.current(), Files.exists(log) ? Files.size(log) : 0);
    }

    void write(Path instanceFolder) throws IOException {
        Files.writeString(instanceFolder.resolve(FILE), bootId + " " + offset + "\n", StandardCharsets.US_ASCII);
    }

    /** Empty if there is none, or none that is whole. */
    static Optional<LogMark> read(Path instanceFolder) {
        try {
            String[] words = Files.readString(instanceFolder.resolve(FILE), StandardCharsets.US_ASCII)
                    .strip()
                    .split(" ");
            return words.length == 2 ? Optional.of(new LogMark(words[0], Long.parseLong(words[1]))) : Optional.empty();
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
