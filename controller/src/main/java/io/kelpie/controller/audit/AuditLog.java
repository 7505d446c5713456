package io.kelpie.controller.audit;

import java.io.IOException;

/** Keeps what operators ask for. Thread-safe. */
public interface AuditLog {
    /**
     * Keeps an entry; when this returns, it is on disk. Blocks for that long.
     *
     * @throws IOException if it is not on disk: what it stands for must not be done
     */
    void append(AuditEntry entry) throws IOException;

    /**
     * Notes what became of an entry, for those who read the log; may be lost. Does not block.
     *
     * @param outcome {@code done}, {@code refused: REASON} or {@code unknown}
     */
    void outcome(String requestId, String outcome);
}
