package io.kelpie.agent.image;

/** An image cannot be used, by its own or its source's fault. The message says what is wrong and how to mend it. */
public final class ImageRejectedException extends Exception {
    private static final long serialVersionUID = 1;

    private final String field;
    private final String explanation;

    public ImageRejectedException(String field, String problem, String fix) {
        super(field + ": " + problem + ". Fix: " + fix);
        this.field = field;
        this.explanation = problem + ". Fix: " + fix;
    }

    /** The message without the field. */
    public String explanation() {
        return explanation;
    }

    /** The field of the job spec at fault, e.g. {@code spec.vm.boot.image.file}. */
    public String field() {
        return field;
    }
}
