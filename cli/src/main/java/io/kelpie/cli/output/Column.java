package io.kelpie.cli.output;

import java.util.Comparator;
import java.util.function.Function;

/**
 * A column of a table.
 *
 * @param header upper case; also the column's name for {@code --sort-by}
 * @param wideOnly shown by {@code -o wide} alone
 * @param text a cell's text
 * @param tone a cell's colour
 * @param order how {@code --sort-by} orders rows
 */
public record Column<R>(
        String header, boolean wideOnly, Function<R, String> text, Function<R, Tone> tone, Comparator<R> order) {

    /** A column of plain text, ordered by it. */
    public static <R> Column<R> of(String header, Function<R, String> text) {
        return new Column<>(header, false, text, row -> Tone.PLAIN, Comparator.comparing(text));
    }

    /** A column of a figure, ordered by it. */
    public static <R> Column<R> number(String header, Function<R, Long> number) {
        return new Column<>(
                header, false, row -> number.apply(row).toString(), row -> Tone.PLAIN, Comparator.comparing(number));
    }

    public Column<R> wide() {
        return new Column<>(header, true, text, tone, order);
    }

    public Column<R> toned(Function<R, Tone> newTone) {
        return new Column<>(header, wideOnly, text, newTone, order);
    }

    public <K extends Comparable<K>> Column<R> orderedBy(Function<R, K> key) {
        return new Column<>(header, wideOnly, text, tone, Comparator.comparing(key));
    }
}
