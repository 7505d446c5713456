package io.kelpie.controller.replay;

/** A replay ends without a result: the problem, the next step and the process's exit code. */
final class ReplayFailedException extends Exception {
    private static final long serialVersionUID = 1;

    static final int FAILED = 1;
    static final int USAGE = 2;

    private final int exitCode;
    private final String fix;

    private ReplayFailedException(int exitCode, String problem, String fix) {
        super(problem);
        this.exitCode = exitCode;
        this.fix = fix;
    }

    /** The command line or a file is wrong; nothing was run. */
    static ReplayFailedException usage(String problem, String fix) {
        return new ReplayFailedException(USAGE, problem, fix);
    }

    /** It was tried and failed. */
    static ReplayFailedException failed(String problem, String fix) {
        return new ReplayFailedException(FAILED, problem, fix);
    }

    int exitCode() {
        return exitCode;
    }

    String fix() {
        return fix;
    }
}
