package io.kelpie.cli.output;

/** What a colour means; without colours nothing is lost. */
public enum Tone {
    PLAIN(""),
    GOOD("\u001b[32m"),
    WAITING("\u001b[33m"),
    BAD("\u001b[31m"),
    FAINT("\u001b[2m");

    private static final String RESET = "\u001b[0m";

    private final String start;

    Tone(String start) {
        this.start = start;
    }

    /** The text in this tone's colour, or as it is. */
    public String paint(String text, boolean coloured) {
        return coloured && this != PLAIN && !text.isEmpty() ? start + text + RESET : text;
    }
}
