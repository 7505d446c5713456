package io.kelpie.controller.control;

import io.kelpie.controller.store.StoredRecord;
import java.util.List;
import java.util.Optional;

/** What a term reads first: all that it needs to grant leases. */
public record LoadedHosts(
        StoredRecord cluster,
        Optional<StoredRecord> config,
        Optional<StoredRecord> controllers,
        List<StoredRecord> hosts) {}
