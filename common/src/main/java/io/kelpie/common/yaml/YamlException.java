package io.kelpie.common.yaml;

import org.jspecify.annotations.Nullable;

/** A YAML document is not what it should be. The message names file, line, column, key, problem and fix. */
public final class YamlException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String problem;
    private final @Nullable String fix;

    public YamlException(String problem, @Nullable String fix) {
        super(fix == null ? problem : problem + ". Fix: " + fix);
        this.problem = problem;
        this.fix = fix;
    }

    public YamlException(String problem) {
        this(problem, null);
    }

    /** Where and what, without the fix. */
    public String problem() {
        return problem;
    }

    /** What the operator can do; null if nothing better than the problem itself can be said. */
    public @Nullable String fix() {
        return fix;
    }
}
