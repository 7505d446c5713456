package io.kelpie.agent.instance;

import org.jspecify.annotations.Nullable;

/**
 * An instance cannot be started, for a reason found before its hypervisor ran. The message is for the operator and does
 * not repeat the field.
 */
public final class StartRejectedException extends Exception {
    private static final long serialVersionUID = 1;

    private final String field;

    public StartRejectedException(String field, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.field = field;
    }

    /** The field of the job spec at fault, e.g. {@code spec.vm.boot.image}; empty if none is. */
    public String field() {
        return field;
    }
}
