package io.kelpie.cli.output;

import io.kelpie.cli.CliException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Rows under headers, aligned. A table that is printed in several parts keeps its columns' widths from part to part and
 * prints its headers once. Not thread-safe.
 */
public final class Table<R> {
    private static final String GAP = "   ";

    private final List<Column<R>> columns;
    private final boolean coloured;
    private final int[] widths;
    private boolean headersDue;

    public Table(List<Column<R>> columns, boolean wide, boolean headers, boolean coloured) {
        this.columns = columns.stream().filter(c -> wide || !c.wideOnly()).toList();
        this.coloured = coloured;
        this.widths = new int[this.columns.size()];
        this.headersDue = headers;
        if (headers) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = this.columns.get(i).header().length();
            }
        }
    }

    /** The next lines: headers if they are still due, then a line a row. */
    public List<String> lines(List<R> rows) {
        List<List<String>> cells = new ArrayList<>();
        for (R row : rows) {
            List<String> line = new ArrayList<>();
            for (int i = 0; i < widths.length; i++) {
                String cell = CleanText.line(columns.get(i).text().apply(row));
                line.add(cell);
                widths[i] = Math.max(widths[i], width(cell));
            }
            cells.add(line);
        }
        List<String> lines = new ArrayList<>();
        if (headersDue) {
            headersDue = false;
            lines.add(join(columns.stream().map(Column::header).toList(), null));
        }
        for (int i = 0; i < rows.size(); i++) {
            lines.add(join(cells.get(i), rows.get(i)));
        }
        return lines;
    }

    private String join(List<String> cells, @org.jspecify.annotations.Nullable R row) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            String cell = cells.get(i);
            Tone tone = row == null ? Tone.PLAIN : columns.get(i).tone().apply(row);
            line.append(tone.paint(cell, coloured));
            if (i < cells.size() - 1) {
                line.append(" ".repeat(widths[i] - width(cell))).append(GAP);
            }
        }
        return line.toString().stripTrailing();
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }

    /** How rows are ordered by the column of that name, in any case. */
    public static <R> Comparator<R> order(List<Column<R>> columns, String header) {
        for (Column<R> column : columns) {
            if (column.header().equals(header.toUpperCase(Locale.ROOT))) {
                return column.order();
            }
        }
        throw CliException.usage(
                "--sort-by: there is no column '" + header + "'",
                "name one of "
                        + columns.stream()
                                .map(c -> c.header().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")));
    }
}
