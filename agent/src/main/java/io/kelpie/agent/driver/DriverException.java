package io.kelpie.agent.driver;

import org.jspecify.annotations.Nullable;

/** A driver could not do what was asked. The message is a sentence for the operator. */
public final class DriverException extends Exception {
    private static final long serialVersionUID = 1;

    private final String stderrTail;

    public DriverException(String message, String stderrTail, @Nullable Throwable cause) {
        super(message, cause);
        this.stderrTail = stderrTail;
    }

    public DriverException(String message) {
        this(message, "", null);
    }

    /** The end of the hypervisor's standard error, at most 2 KiB; may be empty. */
    public String stderrTail() {
        return stderrTail;
    }
}
