package io.kelpie.cli.output;

import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes a tree of maps, lists, strings, numbers and booleans as JSON. */
public final class JsonText {
    private JsonText() {}

    /** On several lines, two spaces a level. */
    public static String pretty(@Nullable Object tree) {
        StringBuilder json = new StringBuilder();
        write(json, tree, 0, true);
        return json.toString();
    }

    /** On one line. */
    public static String compact(@Nullable Object tree) {
        StringBuilder json = new StringBuilder();
        write(json, tree, 0, false);
        return json.toString();
    }

    private static void write(StringBuilder json, @Nullable Object tree, int level, boolean pretty) {
        if (tree instanceof Map<?, ?> map) {
            json.append('{');
            for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext(); ) {
                Map.Entry<?, ?> entry = i.next();
                newLine(json, level + 1, pretty);
                string(json, String.valueOf(entry.getKey()));
                json.append(pretty ? ": " : ":");
                write(json, entry.getValue(), level + 1, pretty);
                if (i.hasNext()) {
                    json.append(',');
                }
            }
            close(json, '}', level, pretty && !map.isEmpty());
        } else if (tree instanceof Iterable<?> list) {
            json.append('[');
            Iterator<?> i = list.iterator();
            boolean empty = !i.hasNext();
            while (i.hasNext()) {
                newLine(json, level + 1, pretty);
                write(json, i.next(), level + 1, pretty);
                if (i.hasNext()) {
                    json.append(',');
                }
            }
            close(json, ']', level, pretty && !empty);
        } else if (tree instanceof Number || tree instanceof Boolean || tree == null) {
            json.append(tree);
        } else {
            string(json, tree.toString());
        }
    }

    private static void close(StringBuilder json, char bracket, int level, boolean onItsOwnLine) {
        newLine(json, level, onItsOwnLine);
        json.append(bracket);
    }

    private static void newLine(StringBuilder json, int level, boolean pretty) {
        if (pretty) {
            json.append('\n').append("  ".repeat(level));
        }
    }

    private static void string(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (Character.isISOControl(c) || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
                        json.append(String.format("\\u%04x", (int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }
}
