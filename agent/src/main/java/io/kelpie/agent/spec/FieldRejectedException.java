package io.kelpie.agent.spec;

/**
 * What a field of a job spec asks for cannot be had on this host: by the fault of what it names, of its source, or of the
 * host. The message says what is wrong and how to mend it.
 */
public final class FieldRejectedException extends Exception {
    private static final long serialVersionUID = 1;

    private final String field;
    private final String explanation;

    public FieldRejectedException(String field, String problem, String fix) {
        super(field + ": " + problem + ". Fix: " + fix);
        this.field = field;
        this.explanation = problem + ". Fix: " + fix;
    }

    /** The message without the field. */
    public String explanation() {
        return explanation;
    }

    /** The field of the job spec at fault, e.g. {@code spec.vm.root.size}. */
    public String field() {
        return field;
    }
}
