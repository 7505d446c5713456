package io.kelpie.agent.fencing;

import io.kelpie.agent.fencing.Deadline.End;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file by which the agent tells the guards how long leased instances may run, and a later agent what lease the host
 * holds.
 *
 * <pre>
 * kelpie-deadline 1
 * boot 5a1c...
 * lineage 81234567890
 * deadline 93234567890          nanoseconds of CLOCK_BOOTTIME; or none, or thaw
 * crc32 0a1b2c3d                of all bytes before this line
 * </pre>
 *
 * One that is missing, damaged or of another boot stands for no lease. Methods block on the disk; one at a time.
 */
public final class DeadlineFile {
    private static final Logger LOG = LoggerFactory.getLogger(DeadlineFile.class);

    private static final String HEAD = "kelpie-deadline 1";
    private static final String BOOT = "boot ";
    private static final String LINEAGE = "lineage ";
    private static final String DEADLINE = "deadline ";
    private static final String NONE = "none";
    private static final String THAW = "thaw";
    private static final int LINES = 4;

    private final SmallFile file;

    public DeadlineFile(SmallFile file) {
        this.file = file;
    }

    public Path path() {
        return file.path();
    }

    /** What the file says; empty if there is none or if it is not whole. */
    public Optional<Deadline> read() throws IOException {
        Optional<String> text = file.read();
        Optional<Deadline> deadline = text.flatMap(DeadlineFile::decode);
        if (text.isPresent() && deadline.isEmpty()) {
            LOG.error("{} is damaged and counts as no lease: leased instances of this host are ended", file.path());
        }
        return deadline;
    }

    public void write(Deadline deadline) throws IOException {
        file.write(encode(deadline));
    }

    static String encode(Deadline deadline) {
        return Checksum.append(HEAD + "\n" + BOOT + deadline.bootId() + "\n" + LINEAGE + deadline.lineage() + "\n"
                + DEADLINE + text(deadline.end()) + "\n");
    }

    private static String text(End end) {
        if (end instanceof End.At at) {
            return Long.toString(at.nanos());
        }
        return end instanceof End.Thaw ? THAW : NONE;
    }

    /** What {@link #encode} wrote; anything else is empty. */
    static Optional<Deadline> decode(String text) {
        List<String> lines =
                Checksum.strip(text).map(body -> body.lines().toList()).orElse(List.of());
        if (lines.size() != LINES
                || !lines.get(0).equals(HEAD)
                || !lines.get(1).startsWith(BOOT)
                || !lines.get(2).startsWith(LINEAGE)
                || !lines.get(3).startsWith(DEADLINE)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new Deadline(
                    lines.get(1).substring(BOOT.length()),
                    Long.parseLong(lines.get(2).substring(LINEAGE.length())),
                    end(lines.get(3).substring(DEADLINE.length()))));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static End end(String text) {
        return switch (text) {
            case NONE -> new End.None();
            case THAW -> new End.Thaw();
            default -> new End.At(Long.parseLong(text));
        };
    }
}
