package io.kelpie.controller.replay.input;

import io.kelpie.common.yaml.NearestWord;
import io.kelpie.common.yaml.QuotedText;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The cells of one row, read by the name of their column. A cell that is not what was asked for is told to the file's
 * problems and read as empty.
 */
final class CsvRow {
    private static final int MAX_NAME_LENGTH = 128;
    private static final long MIB_PER_GIB = 1024;
    private static final int MILLIS_DIGITS = 3;
    /** Long enough for each number in range, short enough for a long. */
    private static final int MAX_DIGITS = 15;

    private final List<String> known;
    private final List<String> header;
    private final int[] positions;
    private final Problems problems;
    private final String[] cells;
    private long line;

    /**
     * @param known all columns that the kind of file may have
     * @param header the names in the order of this file
     * @param positions where each known column stands in the header, or -1
     */
    CsvRow(List<String> known, List<String> header, int[] positions, Problems problems) {
        this.known = known;
        this.header = header;
        this.positions = positions;
        this.problems = problems;
        this.cells = new String[header.size()];
    }

    /** Takes another line, which has the right number of cells. */
    void set(long number, String text) {
        line = number;
        int begin = 0;
        for (int i = 0; i < cells.length; i++) {
            int comma = text.indexOf(',', begin);
            int end = comma < 0 ? text.length() : comma;
            cells[i] = text.substring(begin, end);
            begin = end + 1;
        }
    }

    int width() {
        return cells.length;
    }

    long line() {
        return line;
    }

    /** Name of the column at a place, from 1; empty if there is none. */
    String nameAt(int column) {
        return column >= 1 && column <= header.size() ? header.get(column - 1) : "";
    }

    /** Whether the file has the column. */
    boolean has(String column) {
        return positions[known.indexOf(column)] >= 0;
    }

    boolean isEmpty(String column) {
        return cell(column).isEmpty();
    }

    void problem(String column, String reason, String fix) {
        problems.add(line, positions[known.indexOf(column)] + 1, column, reason, fix);
    }

    /** A name: 1 to 128 characters without spaces at the ends. */
    Optional<String> name(String column) {
        String cell = cell(column);
        String fix = "write a name of 1 to " + MAX_NAME_LENGTH + " characters without spaces around it";
        if (cell.isEmpty()) {
            problem(column, "the cell is empty", fix);
        } else if (cell.length() > MAX_NAME_LENGTH || !cell.strip().equals(cell)) {
            problem(column, QuotedText.of(cell) + " is not a name", fix);
        } else {
            return Optional.of(cell);
        }
        return Optional.empty();
    }

    /** One of the given words. */
    Optional<String> word(String column, List<String> words) {
        String cell = cell(column);
        if (words.contains(cell)) {
            return Optional.of(cell);
        }
        String nearest = NearestWord.of(cell, words);
        problem(
                column,
                cell.isEmpty() ? "the cell is empty" : QuotedText.of(cell) + " is not known",
                nearest == null ? "write one of " + String.join(", ", words) : "did you mean " + nearest + "?");
        return Optional.empty();
    }

    OptionalInt wholeNumber(String column, int min, int max) {
        String cell = cell(column);
        String fix = "write a whole number from " + min + " to " + max;
        if (!isDigits(cell)) {
            problem(column, isDecimal(cell) ? QuotedText.of(cell) + " is a fraction" : notANumber(cell), fix);
            return OptionalInt.empty();
        }
        OptionalLong value = inRange(column, digitsOf(cell), cell, min, max, fix);
        return value.isPresent() ? OptionalInt.of((int) value.getAsLong()) : OptionalInt.empty();
    }

    /** Memory, written in GiB with or without decimals; whole MiB. */
    OptionalLong memoryMib(String column, long minMib, long maxGib) {
        String cell = cell(column);
        String fix = "write GiB " + (minMib > 0 ? "above 0 and up to " : "from 0 to ") + maxGib + ", e.g. 4 or 0.5";
        if (isDigits(cell)) {
            return inRange(column, digitsOf(cell) * MIB_PER_GIB, cell, minMib, maxGib * MIB_PER_GIB, fix);
        }
        if (!isDecimal(cell)) {
            problem(column, notANumber(cell), fix);
            return OptionalLong.empty();
        }
        BigDecimal mib = new BigDecimal(cell).multiply(BigDecimal.valueOf(MIB_PER_GIB));
        if (mib.stripTrailingZeros().scale() > 0) {
            problem(
                    column,
                    QuotedText.of(cell) + " GiB is not a whole number of MiB",
                    "write a multiple of 1/1024 GiB, e.g. 0.5 or 1.75");
            return OptionalLong.empty();
        }
        return inRange(column, clamped(mib), cell, minMib, maxGib * MIB_PER_GIB, fix);
    }

    /** A time, written in seconds with or without decimals; milliseconds. */
    OptionalLong seconds(String column, long minMillis, long maxSeconds) {
        String cell = cell(column);
        String fix = "write seconds " + (minMillis > 0 ? "above 0 and up to " : "from 0 to ") + maxSeconds;
        if (isDigits(cell)) {
            return inRange(column, digitsOf(cell) * 1000, cell, minMillis, maxSeconds * 1000, fix);
        }
        if (!isDecimal(cell)) {
            problem(column, notANumber(cell), fix);
            return OptionalLong.empty();
        }
        BigDecimal millis = new BigDecimal(cell).movePointRight(MILLIS_DIGITS);
        if (millis.stripTrailingZeros().scale() > 0) {
            problem(column, QuotedText.of(cell) + " is finer than a millisecond", "write at most three decimals");
            return OptionalLong.empty();
        }
        return inRange(column, clamped(millis), cell, minMillis, maxSeconds * 1000, fix);
    }

    private OptionalLong inRange(String column, long value, String cell, long min, long max, String fix) {
        if (value >= min && value <= max) {
            return OptionalLong.of(value);
        }
        String wrong = value > max ? " is too large" : value == 0 ? " is zero" : " is too small";
        problem(column, QuotedText.of(cell) + wrong, fix);
        return OptionalLong.empty();
    }

    private static String notANumber(String cell) {
        if (cell.isEmpty()) {
            return "the cell is empty";
        }
        boolean negative = cell.charAt(0) == '-' && (isDigits(cell.substring(1)) || isDecimal(cell.substring(1)));
        return QuotedText.of(cell) + (negative ? " is negative" : " is not a number");
    }

    private static boolean isDigits(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }

    private static boolean isDecimal(String text) {
        int point = text.indexOf('.');
        return point > 0
                && text.length() <= 2 * MAX_DIGITS
                && isDigits(text.substring(0, point))
                && isDigits(text.substring(point + 1));
    }

    /** Its value; of more digits than any number in range has, one that is out of every range. */
    private static long digitsOf(String digits) {
        return digits.length() > MAX_DIGITS ? Long.MAX_VALUE / 2048 : Long.parseLong(digits);
    }

    private static long clamped(BigDecimal value) {
        return value.min(BigDecimal.valueOf(Long.MAX_VALUE)).longValue();
    }

    private String cell(String column) {
        int position = positions[known.indexOf(column)];
        return position < 0 ? "" : cells[position];
    }
}
