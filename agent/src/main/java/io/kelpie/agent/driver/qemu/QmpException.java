package io.kelpie.agent.driver.qemu;

/** A QMP command has no answer that is of use. */
final class QmpException extends Exception {
    private static final long serialVersionUID = 1;

    /** Why there is none. */
    enum Kind {
        /** QEMU answered with an error; the command had no effect. */
        REFUSED,
        /** QEMU did not answer in time; the command may still take effect. */
        TIMED_OUT,
        /** The connection ended; the command may have taken effect. */
        CLOSED
    }

    private final Kind kind;

    QmpException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }
}
