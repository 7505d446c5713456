package io.kelpie.controller.control;

import io.kelpie.controller.store.StoredRecord;
import java.util.List;

/** All records of the store as a term finds them; {@code first} was read before the others. */
public record LoadedState(
        LoadedHosts first,
        List<StoredRecord> capabilities,
        List<StoredRecord> jobs,
        List<StoredRecord> vms,
        List<StoredRecord> requests) {}
