package io.kelpie.agent.driver;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A driver could not do what was asked. The message is a sentence for the operator. */
public final class DriverException extends Exception {
    private static final long serialVersionUID = 1;

    private final String stderrTail;
    private final Optional<ExitInfo> exit;

    public DriverException(String message, String stderrTail, @Nullable Throwable cause) {
        super(message, cause);
        this.stderrTail = stderrTail;
        this.exit = Optional.empty();
    }

    /** The call failed because the instance has ended. */
    public DriverException(ExitInfo exit) {
        super(exit.message());
        this.stderrTail = exit.stderrTail();
        this.exit = Optional.of(exit);
    }

    public DriverException(String message) {
        this(message, "", null);
    }

    /** The end of the hypervisor's standard error, at most 2 KiB; may be empty. */
    public String stderrTail() {
        return stderrTail;
    }

    /** How the instance ended, if that is why the call failed. */
    public Optional<ExitInfo> exit() {
        return exit;
    }
}
