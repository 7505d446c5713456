package io.kelpie.agent.driver.guard;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A file that a guard has written: lines {@code key value}, the last one {@code crc32}, the CRC-32 of all bytes before
 * it as 8 hex digits. The first line is the kind and the version of the format. {@code kelpie-guard.c} says what lines
 * there are.
 */
final class GuardFile {
    private static final String CHECKSUM = "crc32 ";

    private final Path path;
    private final Map<String, String> values;

    private GuardFile(Path path, Map<String, String> values) {
        this.path = path;
        this.values = values;
    }

    /**
     * Reads a file; empty if there is none.
     *
     * @param header its first line
     * @throws IOException if it cannot be read, is damaged or of another format
     */
    static Optional<GuardFile> read(Path path, String header) throws IOException {
        String text;
        try {
            text = Files.readString(path, StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        int end = text.lastIndexOf(CHECKSUM);
        if (!text.startsWith(header + "\n")
                || end < 0
                || !checksumLine(text.substring(0, end)).equals(text.substring(end))) {
            throw new IOException(path + " is damaged or not a '" + header + "' file");
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : text.substring(header.length() + 1, end).split("\n")) {
            int space = line.indexOf(' ');
            if (space < 0) {
                throw new IOException(path + ": the line '" + line + "' has no value");
            }
            values.put(line.substring(0, space), line.substring(space + 1));
        }
        return Optional.of(new GuardFile(path, values));
    }

    Optional<String> optional(String key) {
        return Optional.ofNullable(values.get(key));
    }

    String required(String key) throws IOException {
        String value = values.get(key);
        if (value == null) {
            throw new IOException(path + " has no line '" + key + "'");
        }
        return value;
    }

    /** An error at a line of this file. */
    IOException malformed(String key) {
        return new IOException(path + ": the line '" + key + " " + values.get(key) + "' is malformed");
    }

    private static String checksumLine(String body) {
        CRC32 crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.ISO_8859_1));
        return CHECKSUM + String.format("%08x", crc.getValue()) + "\n";
    }
}
