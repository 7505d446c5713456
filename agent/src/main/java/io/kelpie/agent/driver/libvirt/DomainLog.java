package io.kelpie.agent.driver.libvirt;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What libvirtd's log of a domain says of one instance. libvirtd writes the reason of a domain's end there as a line of
 * fixed form, and nowhere else that lasts: it is the only trace of an end that no connection was open to see.
 *
 * @param reason why the domain ended, if the log says so
 * @param signal the signal by which someone other than libvirt's daemon asked QEMU to end, if any
 * @param tail the end of QEMU's standard error, at most {@value #MAX_TAIL} characters
 */
record DomainLog(Optional<Reason> reason, OptionalInt signal, String tail) {
    /** libvirt's reasons of an end. */
    enum Reason {
        SHUTDOWN,
        DESTROYED,
        CRASHED,
        FAILED,
        /** Migrated, saved or reverted: the domain left this host by another's command. */
        TAKEN
    }

    static final int MAX_TAIL = 2048;
    private static final int MAX_READ = 64 * 1024;
    static final DomainLog NOTHING = new DomainLog(Optional.empty(), OptionalInt.empty(), "");
    private static final Pattern END = Pattern.compile("\\S+ \\S+: shutting down, reason=([a-z -]+)");
    private static final Pattern SIGNALLED =
            Pattern.compile(".*: terminating on signal (\\d+)(?: from pid \\d+ \\((.*)\\))?");
    /** Once a guest has shut down, libvirt's daemon itself ends QEMU by a signal. */
    private static final Set<String> DAEMONS = Set.of("libvirtd", "virtqemud");

    private static final Pattern START = Pattern.compile("\\S+ \\S+: starting up libvirt version: .*");

    /** Reads the log from an offset; empty of all if it cannot be read. */
    static DomainLog read(Path log, long offset) {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long length = file.length();
            long begin = offset > length ? 0 : offset; // a log that was rotated meanwhile begins anew
            begin = Math.max(begin, length - MAX_READ);
            byte[] bytes = new byte[(int) (length - begin)];
            file.seek(begin);
            file.readFully(bytes);
            return parse(new String(bytes, StandardCharsets.UTF_8));
        } catch (IOException e) {
            return NOTHING;
        }
    }

    static DomainLog parse(String text) {
        Optional<Reason> reason = Optional.empty();
        OptionalInt signal = OptionalInt.empty();
        List<String> said = new ArrayList<>();
        boolean commandLine = false;
        for (String line : text.lines().toList()) {
            Matcher end = END.matcher(line);
            if (START.matcher(line).matches()) {
                commandLine = true;
                reason = Optional.empty();
                signal = OptionalInt.empty();
                said.clear();
            } else if (commandLine) {
                commandLine = line.endsWith("\\"); // libvirtd repeats QEMU's command line, one option a line
            } else if (end.matches()) {
                reason = reason(end.group(1));
            } else {
                Matcher signalled = SIGNALLED.matcher(line);
                if (signalled.matches() && !isDaemon(signalled.group(2))) {
                    signal = OptionalInt.of(Integer.parseInt(signalled.group(1)));
                }
                said.add(line);
            }
        }
        String all = String.join("\n", said);
        return new DomainLog(reason, signal, all.substring(Math.max(0, all.length() - MAX_TAIL)));
    }

    /** QEMU names the sender by its command, with or without path and arguments. */
    private static boolean isDaemon(@Nullable String sender) {
        if (sender == null) {
            return false;
        }
        String command = sender.split(" ")[0];
        return DAEMONS.contains(command.substring(command.lastIndexOf('/') + 1));
    }

    private static Optional<Reason> reason(String word) {
        return switch (word) {
            case "shutdown" -> Optional.of(Reason.SHUTDOWN);
            case "destroyed" -> Optional.of(Reason.DESTROYED);
            case "crashed" -> Optional.of(Reason.CRASHED);
            case "failed" -> Optional.of(Reason.FAILED);
            case "migrated", "saved", "from snapshot" -> Optional.of(Reason.TAKEN);
            default -> Optional.empty();
        };
    }
}
