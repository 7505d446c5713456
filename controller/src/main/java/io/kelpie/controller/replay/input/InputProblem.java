package io.kelpie.controller.replay.input;

/**
 * One fault of an input file.
 *
 * @param file as the command line names it
 * @param line from 1
 * @param column the cell's place in its line, from 1; 0 if the fault is the whole line's
 * @param columnName what the header calls that cell; empty if the header is silent about it
 * @param reason what is wrong
 * @param fix what would be right
 */
public record InputProblem(String file, long line, int column, String columnName, String reason, String fix) {
    /** On one line, without control characters. */
    public String text() {
        StringBuilder text = new StringBuilder();
        file.codePoints().map(c -> Character.isISOControl(c) ? '?' : c).forEach(text::appendCodePoint);
        text.append(": line ").append(line);
        if (column > 0) {
            text.append(", column ").append(column);
        }
        if (!columnName.isEmpty()) {
            text.append(" (").append(columnName).append(')');
        }
        return text.append(": ").append(reason).append("; fix: ").append(fix).toString();
    }
}
