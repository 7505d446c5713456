package io.kelpie.controller.fence;

/** A host is not confirmed to be off. The message says why, with what the plug-in has written. */
public final class FenceFailedException extends Exception {
    private static final long serialVersionUID = 1;

    public FenceFailedException(String message) {
        super(message);
    }
}
