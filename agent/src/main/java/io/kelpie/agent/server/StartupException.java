package io.kelpie.agent.server;

import org.jspecify.annotations.Nullable;

/** The agent cannot start. The message says what, why and how to mend it. */
public final class StartupException extends Exception {
    private static final long serialVersionUID = 1;

    public StartupException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
