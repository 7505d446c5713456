package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.instance.InstanceEnd.Reason;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import io.kelpie.agent.instance.LedgerEntry.Phase;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The text of a ledger entry: a line {@code key value} for each field, the first {@code format 1}, the last {@code
 * crc32} with eight hexadecimal digits over all bytes before that line. UTF-8; in values a backslash, a newline and a
 * carriage return stand as {@code \\}, {@code \n} and {@code \r}. Fields without a value are left out.
 *
 * <pre>
 * format 1
 * vm 6f0c...            vm-name web-0         incarnation 3        phase EXITED
 * spec-version 2        sequence 17           created-at 1780000000000
 * kept-disks true       leased true           namespace shop       job web
 * vcpus 2               memory-mib 2048
 * driver QEMU           handle-version 1      handle ...           accelerator KVM
 * stop STOP             stop-grace 30
 * end-reason STOPPED    end-exit-code 0       end-signal 15        end-rung ACPI
 * end-message ...       end-stderr ...        end-field ...        end-at 1780000001000
 * crc32 0a1b2c3d
 * </pre>
 *
 * (Here several to a line; in the file each has its own.) Unknown keys are ignored, so an older agent reads what a newer
 * one wrote as long as the format's number is the same.
 */
final class LedgerFormat {
    private static final String FORMAT = "1";

    private LedgerFormat() {}

    /** The text is not a whole ledger entry. */
    static final class DamagedException extends Exception {
        private static final long serialVersionUID = 1;

        DamagedException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    static String encode(LedgerEntry entry) {
        Writer writer = new Writer();
        writer.put("format", FORMAT);
        writer.put("vm", entry.id().vmId());
        writer.put("vm-name", entry.vmName());
        writer.put("incarnation", entry.id().incarnation());
        writer.put("phase", entry.phase());
        writer.put("spec-version", entry.specVersion());
        writer.put("sequence", entry.sequence());
        writer.put("created-at", entry.createdAtMillis());
        writer.put("kept-disks", entry.keptDisks());
        writer.put("leased", entry.leased());
        writer.put("namespace", entry.workload().namespace());
        writer.put("job", entry.workload().job());
        writer.put("vcpus", entry.workload().vcpus());
        writer.put("memory-mib", entry.workload().memoryMib());
        entry.launch().ifPresent(launch -> {
            writer.put("driver", launch.handle().driver());
            writer.put("handle-version", launch.handle().version());
            writer.put("handle", launch.handle().data());
            launch.accelerator().ifPresent(accelerator -> writer.put("accelerator", accelerator));
        });
        entry.stop().ifPresent(stop -> {
            writer.put("stop", stop.kind());
            writer.put("stop-grace", stop.grace().toSeconds());
        });
        entry.end().ifPresent(end -> {
            writer.put("end-reason", end.reason());
            writer.put("end-exit-code", end.exitCode());
            writer.put("end-signal", end.signal());
            end.rung().ifPresent(rung -> writer.put("end-rung", rung));
            writer.put("end-message", end.message());
            writer.put("end-stderr", end.stderrTail());
            writer.put("end-field", end.field());
            writer.put("end-at", end.atMillis());
        });
        return writer.finish();
    }

    static LedgerEntry decode(String text) throws DamagedException {
        Map<String, String> fields = fields(text);
        try {
            if (!FORMAT.equals(fields.get("format"))) {
                throw new DamagedException("its format is " + fields.get("format") + ", not " + FORMAT, null);
            }
            return entry(new Reader(fields));
        } catch (IllegalArgumentException e) {
            throw new DamagedException("a field is missing or malformed: " + e.getMessage(), e);
        }
    }

    private static LedgerEntry entry(Reader reader) {
        Optional<Launch> launch = !reader.has("driver")
                ? Optional.empty()
                : Optional.of(new Launch(
                        new DriverHandle(
                                reader.oneOf(DriverKind.class, "driver"),
                                Math.toIntExact(reader.number("handle-version")),
                                reader.text("handle")),
                        reader.has("accelerator")
                                ? Optional.of(reader.oneOf(Accelerator.class, "accelerator"))
                                : Optional.empty()));
        Optional<StopOrder> stop = !reader.has("stop")
                ? Optional.empty()
                : Optional.of(new StopOrder(
                        reader.oneOf(StopOrder.Kind.class, "stop"), Duration.ofSeconds(reader.number("stop-grace"))));
        return new LedgerEntry(
                new InstanceId(UUID.fromString(reader.text("vm")), reader.number("incarnation")),
                reader.text("vm-name"),
                workload(reader),
                reader.has("leased") && Boolean.parseBoolean(reader.text("leased")),
                reader.number("spec-version"),
                reader.number("sequence"),
                reader.number("created-at"),
                reader.oneOf(Phase.class, "phase"),
                launch,
                Boolean.parseBoolean(reader.text("kept-disks")),
                stop,
                end(reader));
    }

    /** Older agents wrote none, and nothing that was leased. */
    private static Workload workload(Reader reader) {
        return !reader.has("namespace")
                ? Workload.UNKNOWN
                : new Workload(
                        reader.text("namespace"),
                        reader.text("job"),
                        Math.toIntExact(reader.number("vcpus")),
                        reader.number("memory-mib"));
    }

    private static Optional<InstanceEnd> end(Reader reader) {
        if (!reader.has("end-reason")) {
            return Optional.empty();
        }
        return Optional.of(new InstanceEnd(
                reader.oneOf(Reason.class, "end-reason"),
                Math.toIntExact(reader.number("end-exit-code")),
                Math.toIntExact(reader.number("end-signal")),
                reader.has("end-rung") ? Optional.of(reader.oneOf(StopRung.class, "end-rung")) : Optional.empty(),
                reader.text("end-message"),
                reader.text("end-stderr"),
                reader.text("end-field"),
                reader.number("end-at")));
    }

    private static Map<String, String> fields(String text) throws DamagedException {
        int checksumLine = text.lastIndexOf("crc32 ");
        if (checksumLine < 0 || !text.endsWith("\n")) {
            throw new DamagedException("it has no checksum line", null);
        }
        String body = text.substring(0, checksumLine);
        if (!text.substring(checksumLine).equals("crc32 " + checksum(body) + "\n")) {
            throw new DamagedException("its checksum does not match", null);
        }
        Map<String, String> fields = new HashMap<>();
        for (String line : body.split("\n")) {
            int space = line.indexOf(' ');
            if (space < 0) {
                throw new DamagedException("a line has no value", null);
            }
            fields.put(line.substring(0, space), unescape(line.substring(space + 1)));
        }
        return fields;
    }

    private static String checksum(String body) {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        return String.format("%08x", crc.getValue());
    }

    private static String unescape(String value) {
        StringBuilder text = new StringBuilder(value.length());
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' && i + 1 < value.length()) {
                i++;
                char escaped = value.charAt(i);
                text.append(escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped);
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    private static final class Writer {
        private final StringBuilder text = new StringBuilder();

        void put(String key, Object value) {
            String escaped =
                    value.toString().replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
            text.append(key).append(' ').append(escaped).append('\n');
        }

        String finish() {
            return text + "crc32 " + checksum(text.toString()) + "\n";
        }
    }

    private record Reader(Map<String, String> fields) {
        boolean has(String key) {
            return fields.containsKey(key);
        }

        String text(String key) {
            String value = fields.get(key);
            if (value == null) {
                throw new IllegalArgumentException("no " + key);
            }
            return value;
        }

        long number(String key) {
            return Long.parseLong(text(key));
        }

        <E extends Enum<E>> E oneOf(Class<E> type, String key) {
            return Enum.valueOf(type, text(key));
        }
    }
}
