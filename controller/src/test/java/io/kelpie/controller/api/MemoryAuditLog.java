package io.kelpie.controller.api;

import io.kelpie.controller.audit.AuditEntry;
import io.kelpie.controller.audit.AuditLog;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** An audit log that can be full. */
final class MemoryAuditLog implements AuditLog {
    final List<AuditEntry> entries = Collections.synchronizedList(new ArrayList<>());

    /** {@code ID OUTCOME}. */
    final List<String> outcomes = Collections.synchronizedList(new ArrayList<>());

    volatile boolean full;

    @Override
    public void append(AuditEntry entry) throws IOException {
        if (full) {
            throw new IOException("No space left on device");
        }
        entries.add(entry);
    }

    @Override
    public void outcome(String requestId, String outcome) {
        outcomes.add(requestId + " " + outcome);
    }
}
