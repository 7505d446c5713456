package io.kelpie.controller.leadership;

import io.kelpie.controller.trust.ReadOnly;

/** The store is not the one that this controller left; nothing was written to it. */
final class DistrustedStoreException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient ReadOnly why;

    DistrustedStoreException(ReadOnly why) {
        super(why.reason());
        this.why = why;
    }

    ReadOnly why() {
        return why;
    }
}
