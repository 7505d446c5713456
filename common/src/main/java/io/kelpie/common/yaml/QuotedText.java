package io.kelpie.common.yaml;

/** Foreign text as messages show it: on one line, without control characters, and short. */
public final class QuotedText {
    private static final int MAX_CODE_POINTS = 60;

    private QuotedText() {}

    /** The text in single quotes; control characters become escapes, and what is longer than 60 characters is cut. */
    public static String of(String text) {
        StringBuilder quoted = new StringBuilder("'");
        int shown = 0;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            if (shown++ == MAX_CODE_POINTS) {
                return quoted.append("…' (")
                        .append(text.codePointCount(0, text.length()))
                        .append(" characters)")
                        .toString();
            }
            appendVisible(quoted, codePoint);
            i += Character.charCount(codePoint);
        }
        return quoted.append('\'').toString();
    }

    private static void appendVisible(StringBuilder quoted, int codePoint) {
        switch (codePoint) {
            case '\n' -> quoted.append("\\n");
            case '\r' -> quoted.append("\\r");
            case '\t' -> quoted.append("\\t");
            default -> {
                int type = Character.getType(codePoint);
                if (type == Character.CONTROL
                        || type == Character.FORMAT
                        || type == Character.SURROGATE
                        || type == Character.LINE_SEPARATOR
                        || type == Character.PARAGRAPH_SEPARATOR) {
                    quoted.append(String.format("\\u%04x", codePoint));
                } else {
                    quoted.appendCodePoint(codePoint);
                }
            }
        }
    }
}
