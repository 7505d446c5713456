package io.kelpie.agent.disk;

/** A disk cannot be made as asked. The message says why and how to mend it. */
public final class DiskException extends Exception {
    private static final long serialVersionUID = 1;

    private final String field;
    private final String explanation;

    public DiskException(String field, String problem, String fix) {
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
