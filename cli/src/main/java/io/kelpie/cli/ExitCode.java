package io.kelpie.cli;

/** What the process tells its caller. The numbers are part of the command's contract. */
public enum ExitCode {
    OK(0),
    /** It was tried and failed, or its outcome is unknown. */
    FAILED(1),
    /** The command line, a job file or a field of it is wrong; nothing was changed. */
    USAGE(2),
    NOT_FOUND(3),
    NOT_AUTHORISED(4),
    VERSION_CONFLICT(5),
    /** A VM that was waited for has no host that could take it. */
    CANNOT_BE_PLACED(6),
    WAIT_TIMED_OUT(7),
    CONTROLLER_UNREACHABLE(8);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }
}
