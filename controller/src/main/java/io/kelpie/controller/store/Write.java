package io.kelpie.controller.store;

import com.google.protobuf.ByteString;

/** One guarded change of a record. */
public sealed interface Write {
    /** Version of a record that does not exist. */
    int ABSENT = -1;

    RecordKey key();

    /**
     * Makes or replaces a record.
     *
     * @param expectedVersion version that the record must have; {@link #ABSENT}: it must not exist. A new record has
     *     version 0, each replacement adds 1.
     */
    record Put(RecordKey key, ByteString value, int expectedVersion) implements Write {
        public Put {
            if (expectedVersion < ABSENT) {
                throw new IllegalArgumentException("expected version " + expectedVersion + " of " + key);
            }
        }
    }

    /** Removes a record that has the expected version. */
    record Delete(RecordKey key, int expectedVersion) implements Write {
        public Delete {
            // To ZooKeeper -1 means "any version": it must never get there.
            if (expectedVersion < 0) {
                throw new IllegalArgumentException("expected version " + expectedVersion + " of " + key);
            }
        }
    }
}
