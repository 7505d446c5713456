package io.kelpie.controller.replay.input;

import io.kelpie.common.yaml.QuotedText;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/**
 * Reads a file of comma-separated values row by row: a header that names its columns, then a row a line. There is no
 * quoting, as no value has a comma. Not safe for use by several threads.
 */
final class CsvFile {
    private static final long MAX_ROWS = 10_000_000;

    private final CsvLines lines;
    private final CsvColumns columns;
    private final Problems problems;

    CsvFile(String file, InputStream in, CsvColumns columns) {
        this.lines = new CsvLines(in);
        this.columns = columns;
        this.problems = new Problems(file);
    }

    /** Takes one row of the right number of cells. The row is only valid during the call. */
    interface Rows {
        /** Before the first row. */
        void header(CsvRow row);

        void row(CsvRow row);
    }

    /**
     * Reads all rows.
     *
     * @throws BadInputException with the faults of the file and those that {@code rows} found
     */
    void read(Rows rows) throws IOException, BadInputException {
        CsvRow row = header(rows);
        long count = 0;
        boolean more = true;
        while (more && !problems.full()) {
            CsvLines.Line line = lines.next();
            if (line instanceof CsvLines.Text text) {
                if (++count > MAX_ROWS) {
                    problems.add(lines.number(), 0, "", "there are more than " + MAX_ROWS + " rows", "split the file");
                    problems.throwIfAny(false);
                }
                if (isWhole(text.text(), row)) {
                    row.set(lines.number(), text.text());
                    rows.row(row);
                }
            } else if (line instanceof CsvLines.Faulty faulty) {
                problems.add(
                        lines.number(), faulty.column(), row.nameAt(faulty.column()), faulty.reason(), faulty.fix());
                if (faulty.last()) {
                    problems.throwIfAny(false);
                }
            } else {
                more = false;
            }
        }
        if (count == 0 && problems.none()) {
            problems.add(lines.number(), 0, "", "the file has a header and no rows", "add a row for each");
        }
        problems.throwIfAny(!more);
    }

    private CsvRow header(Rows rows) throws IOException, BadInputException {
        CsvLines.Line line = lines.next();
        if (line instanceof CsvLines.Text text) {
            int[] positions = columns.positions(text.text(), lines.number(), problems);
            problems.throwIfAny(false);
            CsvRow row = new CsvRow(columns.all(), List.of(text.text().split(",", -1)), positions, problems);
            rows.header(row);
            return row;
        }
        if (line instanceof CsvLines.Faulty faulty) {
            problems.add(lines.number(), faulty.column(), "", faulty.reason(), faulty.fix());
        } else {
            problems.add(1, 0, "", "the file is empty", "begin it with the header " + columns.shape());
            problems.throwIfAny(true);
        }
        problems.throwIfAny(false);
        throw new IllegalStateException("a fault was added");
    }

    private boolean isWhole(String text, CsvRow row) {
        if (text.isEmpty()) {
            problems.add(lines.number(), 0, "", "the line is empty", "remove it");
            return false;
        }
        int quote = text.indexOf('"');
        if (quote >= 0) {
            int column = cells(text.substring(0, quote));
            problems.add(
                    lines.number(),
                    column,
                    row.nameAt(column),
                    "quotes are not read",
                    "write values without quotes; none may have a comma");
            return false;
        }
        int cells = cells(text);
        if (cells != row.width()) {
            problems.add(
                    lines.number(),
                    Math.min(cells, row.width() + 1),
                    "",
                    "the row has " + cells + (cells == 1 ? " cell" : " cells") + " and the header " + row.width() + ": "
                            + QuotedText.of(text),
                    "write one cell for each column of the header");
            return false;
        }
        return true;
    }

    private static int cells(String text) {
        int cells = 1;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == ',') {
                cells++;
            }
        }
        return cells;
    }
}
