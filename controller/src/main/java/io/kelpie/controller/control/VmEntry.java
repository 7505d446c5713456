package io.kelpie.controller.control;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.view.VmName;
import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.VmRecord;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A VM in the leader's memory. Belongs to the control thread; changed by {@link ClusterEditor} alone. */
final class VmEntry {
    private final UUID id;
    private final VmName name;
    private VmRecord record;
    private int version = Write.ABSENT;

    /** What its host last reported of its present instance. */
    @Nullable InstanceReport observed;

    /** Why it has no place, while it is PENDING and was looked at. */
    @Nullable Decision pendingDecision;

    /** Ids of hosts that have an instance of it in their ledgers, ended ones too. */
    final Set<String> hostsWithInstances = new LinkedHashSet<>();

    /** How many deadlines of its present state have passed. */
    int deadlinesPassed;

    /** When the next one passes, in monotonic nanoseconds. */
    long nextDeadlineNanos;

    /** When the present instance was asked for, in monotonic nanoseconds. */
    long enqueuedNanos;

    /** @param job the key of its job, which all its VMs share */
    VmEntry(VmRecord record, JobKey job) {
        this.id = UUID.fromString(record.getVmId());
        this.name = new VmName(job, record.getOrdinal());
        this.record = record;
    }

    UUID id() {
        return id;
    }

    VmName name() {
        return name;
    }

    VmRecord record() {
        return record;
    }

    VmState state() {
        return Records.state(record.getState());
    }

    /** Version in the store, counting writes under way; {@link Write#ABSENT} if it was never stored. */
    int version() {
        return version;
    }

    void set(VmRecord next, int nextVersion) {
        this.record = next;
        this.version = nextVersion;
    }

    String subject() {
        return "vm/" + name;
    }
}
