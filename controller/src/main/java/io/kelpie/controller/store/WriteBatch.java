package io.kelpie.controller.store;

import java.util.List;

/**
 * Changes that are applied all or not at all, in their order. At most {@link #MAX_WRITES} of them, with at most
 * {@link #MAX_BYTES} of values, so that a batch with its names stays below the 1 MiB that ZooKeeper takes at once (above
 * it, ZooKeeper does not answer but cuts the connection).
 */
public record WriteBatch(List<Write> writes) {
    /** Limit of the values of one batch, in bytes. */
    public static final int MAX_BYTES = 512 * 1024;

    /** Limit of the writes of one batch. */
    public static final int MAX_WRITES = 1_500;

    public WriteBatch {
        writes = List.copyOf(writes);
        if (writes.size() > MAX_WRITES) {
            throw new IllegalArgumentException("batch of " + writes.size() + " writes, limit is " + MAX_WRITES);
        }
        long bytes = 0;
        for (Write write : writes) {
            if (!write.key().isStorable()) {
                throw new IllegalArgumentException("not a name of a record: " + write.key());
            }
            if (write instanceof Write.Put put) {
                bytes += put.value().size();
            }
        }
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException("batch of " + bytes + " bytes, limit is " + MAX_BYTES);
        }
    }
}
