package io.kelpie.controller.replay.input;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Splits a stream into lines of clean UTF-8: no control characters, no byte order mark, no line longer than a bound. Lines
 * end with a line feed, or with a carriage return and a line feed as RFC 4180 has it. A fault is returned in the line's place. Holds one line at a time. Not safe for use by several threads.
 */
final class CsvLines {
    static final int MAX_LINE_BYTES = 4096;

    private static final int BUFFER_BYTES = 64 * 1024;

    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int position;
    private int limit;
    private final byte[] line = new byte[MAX_LINE_BYTES];
    private long number;

    CsvLines(InputStream in) {
        this.in = in;
    }

    sealed interface Line {}

    record Text(String text) implements Line {}

    /**
     * @param column of the cell with the fault, from 1; 0 if it is the whole line's
     * @param last whether what follows is of no use: its faults would all be this one
     */
    record Faulty(int column, String reason, String fix, boolean last) implements Line {}

    enum End implements Line {
        END
    }

    /** Number of the line that was read last, from 1. */
    long number() {
        return number;
    }

    /** The next line without its line end. A last line needs none. */
    Line next() throws IOException {
        int length = 0;
        while (true) {
            int b = read();
            if (b < 0 && length == 0) {
                return End.END;
            }
            if (b < 0 || b == '\n') {
                number++;
                boolean carriageReturn = b == '\n' && length > 0 && line[length - 1] == '\r';
                return checked(carriageReturn ? length - 1 : length);
            }
            if (length == MAX_LINE_BYTES) {
                number++;
                return new Faulty(
                        0,
                        "the line is longer than " + MAX_LINE_BYTES + " bytes",
                        "write one row a line, with a line feed at its end",
                        true);
            }
            line[length++] = (byte) b;
        }
    }

    private int read() throws IOException {
        if (position == limit) {
            limit = in.read(buffer);
            position = 0;
            if (limit <= 0) {
                limit = 0;
                return -1;
            }
        }
        return buffer[position++] & 0xff;
    }

    private Line checked(int length) {
        boolean plain = true;
        for (int i = 0; i < length; i++) {
            int b = line[i];
            plain &= b >= ' ' && b != 0x7f;
        }
        if (plain) {
            return new Text(new String(line, 0, length, StandardCharsets.ISO_8859_1));
        }
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line, 0, length))
                    .toString();
        } catch (CharacterCodingException e) {
            return new Faulty(0, "the line is not UTF-8", "save the file as UTF-8", true);
        }
        if (number == 1 && text.charAt(0) == '\ufeff') {
            return new Faulty(
                    1,
                    "the file begins with a byte order mark",
                    "remove it: sed -i '1s/^\\xef\\xbb\\xbf//' FILE",
                    true);
        }
        return text.codePoints()
                .filter(CsvLines::isHidden)
                .boxed()
                .findFirst()
                .<Line>map(hidden -> hiddenCharacter(text, hidden))
                .orElseGet(() -> new Text(text));
    }

    private static Line hiddenCharacter(String text, int hidden) {
        long commas = text.substring(0, text.indexOf(hidden))
                .chars()
                .filter(c -> c == ',')
                .count();
        return new Faulty(
                (int) commas + 1,
                "there is " + (hidden == 0 ? "a NUL" : String.format("the control character U+%04X", hidden)),
                "remove it",
                false);
    }

    /** Characters that a reader of the file cannot see. */
    private static boolean isHidden(int codePoint) {
        int type = Character.getType(codePoint);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.LINE_SEPARATOR
                || type == Character.PARAGRAPH_SEPARATOR;
    }
}
