package io.kelpie.cli.output;

/** How objects are shown. */
public enum OutputFormat {
    table,
    /** The table with all columns. */
    wide,
    json,
    yaml,
    /** One {@code kind/name} a line. */
    name
}
