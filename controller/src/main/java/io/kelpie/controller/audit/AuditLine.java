package io.kelpie.controller.audit;

import java.time.Instant;

/** One line of the log: a JSON object of strings, whose text cannot end the line. */
final class AuditLine {
    private final StringBuilder text = new StringBuilder();

    AuditLine(long atMillis) {
        text.append('{');
        add("at", Instant.ofEpochMilli(atMillis).toString());
    }

    /** Adds a member; an empty value is left out. */
    AuditLine with(String key, String value) {
        if (!value.isEmpty()) {
            text.append(',');
            add(key, value);
        }
        return this;
    }

    private void add(String key, String value) {
        quote(key);
        text.append(':');
        quote(value);
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }

    /** The line with its end. */
    String end() {
        return text + "}\n";
    }
}
