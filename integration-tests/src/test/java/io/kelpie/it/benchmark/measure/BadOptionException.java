package io.kelpie.it.benchmark.measure;

/** An option's value will not do. */
public final class BadOptionException extends Exception {
    private static final long serialVersionUID = 1;

    private final String problem;

    public BadOptionException(String option, String reason, String fix) {
        super(option);
        problem = option + ": " + reason + "; " + fix;
    }

    /** The option, the reason and what to write instead. */
    @Override
    public String getMessage() {
        return problem;
    }
}
