package io.kelpie.cli.view;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Builds the text of a description: {@code key: value} lines with aligned values, and indented sections. */
final class Sections {
    private static final String INDENT = "  ";

    private final List<String> lines = new ArrayList<>();
    private final List<String[]> pairs = new ArrayList<>();
    private final String indent;

    Sections() {
        this("");
    }

    private Sections(String indent) {
        this.indent = indent;
    }

    /** A line {@code key: value}. */
    Sections pair(String key, Object value) {
        pairs.add(new String[] {key, io.kelpie.cli.output.CleanText.line(value.toString())});
        return this;
    }

    /** As {@link #pair}, left out if the value is empty. */
    Sections pairIfAny(String key, String value) {
        return value.isEmpty() ? this : pair(key, value);
    }

    /** A title, and what {@code body} adds below it, indented. */
    Sections section(String title, Consumer<Sections> body) {
        align();
        Sections inner = new Sections(indent + INDENT);
        body.accept(inner);
        List<String> innerLines = inner.lines();
        lines.add(indent + title + ":" + (innerLines.isEmpty() ? " -" : ""));
        lines.addAll(innerLines);
        return this;
    }

    /** Lines as they are, indented. */
    Sections text(List<String> more) {
        align();
        more.forEach(line -> lines.add((indent + line).stripTrailing()));
        return this;
    }

    /** Foreign text of several lines, indented. */
    Sections foreign(String text) {
        return text(io.kelpie.cli.output.CleanText.lines(text).lines().toList());
    }

    List<String> lines() {
        align();
        return List.copyOf(lines);
    }

    private void align() {
        int width = pairs.stream().mapToInt(pair -> pair[0].length()).max().orElse(0);
        for (String[] pair : pairs) {
            lines.add(indent + pair[0] + ":" + " ".repeat(width - pair[0].length() + 1) + pair[1]);
        }
        pairs.clear();
    }
}
