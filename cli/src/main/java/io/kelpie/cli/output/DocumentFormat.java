package io.kelpie.cli.output;

/** How one answer is shown. */
public enum DocumentFormat {
    /** For people. */
    table,
    json,
    yaml
}
