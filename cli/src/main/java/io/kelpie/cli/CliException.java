package io.kelpie.cli;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/** A command ends here: what could not be done, why, the next step, and the exit code. */
public class CliException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ExitCode exitCode;
    private final @Nullable String fix;

    /**
     * @param problem what could not be done and why, e.g. {@code scale job 'web': no such job}
     * @param fix the next step; null only if the problem itself says all
     */
    public CliException(ExitCode exitCode, String problem, @Nullable String fix) {
        super(requireNonNull(problem, "problem"));
        this.exitCode = requireNonNull(exitCode, "exitCode");
        this.fix = fix;
    }

    /** The command line is wrong. */
    public static CliException usage(String problem, String fix) {
        return new CliException(ExitCode.USAGE, problem, fix);
    }

    public ExitCode exitCode() {
        return exitCode;
    }

    public @Nullable String fix() {
        return fix;
    }
}
