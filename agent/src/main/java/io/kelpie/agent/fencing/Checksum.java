package io.kelpie.agent.fencing;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32;

/** The last line of a small file: {@code crc32} and eight hexadecimal digits over all bytes before it. Pure. */
final class Checksum {
    private static final String KEY = "crc32 ";

    private Checksum() {}

    static String append(String body) {
        return body + line(body);
    }

    /** The text before the checksum's line; empty if that line is missing or does not match. */
    static Optional<String> strip(String text) {
        int line = text.lastIndexOf("\n" + KEY) + 1;
        String body = text.substring(0, line);
        return line > 0 && text.substring(line).equals(line(body)) ? Optional.of(body) : Optional.empty();
    }

    private static String line(String body) {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        return KEY + String.format("%08x", crc.getValue()) + "\n";
    }
}
