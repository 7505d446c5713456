package io.kelpie.cli.output;

/**
 * Makes foreign text harmless for a terminal: what a guest or QEMU printed may hold escape sequences that would move
 * the cursor, set a title or paint over other lines.
 */
public final class CleanText {
    private CleanText() {}

    /** The text on one line: line ends and tabs become spaces, control characters {@code ?}. */
    public static String line(String text) {
        return clean(text, false);
    }

    /** The text with its line ends. */
    public static String lines(String text) {
        return clean(text, true);
    }

    private static String clean(String text, boolean keepLines) {
        if (text.codePoints().noneMatch(CleanText::isControl)) {
            return text;
        }
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(codePoint -> {
            if (codePoint == '\n' && keepLines) {
                clean.append('\n');
            } else if (codePoint == '\n' || codePoint == '\t') {
                clean.append(' ');
            } else if (codePoint != '\r' || !keepLines) {
                clean.appendCodePoint(isControl(codePoint) ? '?' : codePoint);
            }
        });
        return clean.toString();
    }

    private static boolean isControl(int codePoint) {
        return Character.isISOControl(codePoint)
                || Character.getType(codePoint) == Character.FORMAT
                || Character.getType(codePoint) == Character.SURROGATE;
    }
}
