package io.kelpie.controller.store;

import io.kelpie.controller.model.JobKey;
import java.util.UUID;
import java.util.regex.Pattern;

/** Names one record of the store. */
public sealed interface RecordKey {
    /** What a part of a name may consist of: no separator, no dot at its beginning. */
    Pattern NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}");

    /** False for a name under which nothing can be stored: reading it finds nothing, a batch with it is refused. */
    boolean isStorable();

    record ClusterKey() implements RecordKey {
        @Override
        public boolean isStorable() {
            return true;
        }
    }

    /** The committed set of controllers. */
    record ControllerSetKey() implements RecordKey {
        @Override
        public boolean isStorable() {
            return true;
        }
    }

    /** What operators set for the whole cluster. */
    record ConfigKey() implements RecordKey {
        @Override
        public boolean isStorable() {
            return true;
        }
    }

    record HostKey(String hostId) implements RecordKey {
        @Override
        public boolean isStorable() {
            return NAME.matcher(hostId).matches();
        }
    }

    record CapabilitiesKey(String hostId) implements RecordKey {
        @Override
        public boolean isStorable() {
            return NAME.matcher(hostId).matches();
        }
    }

    record JobRecordKey(JobKey job) implements RecordKey {
        @Override
        public boolean isStorable() {
            return NAME.matcher(job.namespace()).matches()
                    && NAME.matcher(job.name()).matches();
        }
    }

    record VmKey(UUID vmId) implements RecordKey {
        @Override
        public boolean isStorable() {
            return true;
        }
    }

    record RequestKey(UUID requestId) implements RecordKey {
        @Override
        public boolean isStorable() {
            return true;
        }
    }
}
