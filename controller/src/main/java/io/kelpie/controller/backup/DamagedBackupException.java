package io.kelpie.controller.backup;

/** A file is not a whole backup. */
public final class DamagedBackupException extends Exception {
    private static final long serialVersionUID = 1;

    private final long offset;

    /** @param offset of the byte at which the trouble begins, from 0 */
    public DamagedBackupException(long offset, String reason) {
        super("byte " + offset + ": " + reason);
        this.offset = offset;
    }

    /** Offset of the byte at which the trouble begins, from 0. */
    public long offset() {
        return offset;
    }
}
