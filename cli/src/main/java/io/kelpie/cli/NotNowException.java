package io.kelpie.cli;

import org.jspecify.annotations.Nullable;

/** Controllers answer, and none can do it now; a command that waits or watches asks again. */
public final class NotNowException extends CliException {
    private static final long serialVersionUID = 1;

    public NotNowException(ExitCode exitCode, String problem, @Nullable String fix) {
        super(exitCode, problem, fix);
    }
}
