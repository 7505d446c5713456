package io.kelpie.controller.control;

import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.view.Specs;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A job in the leader's memory. Belongs to the control thread; changed by {@link ClusterEditor} alone. */
final class JobEntry {
    private JobRecord record;
    private Job job;
    private int version = Write.ABSENT;

    /** Its VMs by ordinal. */
    final NavigableMap<Integer, VmEntry> vms = new TreeMap<>();

    JobEntry(JobRecord record) {
        this.record = record;
        this.job = Records.job(record);
    }

    JobKey key() {
        return job.key();
    }

    JobRecord record() {
        return record;
    }

    Job job() {
        return job;
    }

    int version() {
        return version;
    }

    void set(JobRecord next, int nextVersion) {
        this.record = next;
        this.job = Records.job(next);
        this.version = nextVersion;
    }

    /** The spec of a VM's present instance, or of its next one if it has none. */
    JobSpec specOf(VmEntry vm) {
        return Specs.of(record, vm.record());
    }

    String subject() {
        return "job/" + key();
    }
}
