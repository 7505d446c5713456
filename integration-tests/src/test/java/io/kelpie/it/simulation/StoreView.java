package io.kelpie.it.simulation;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.memory.MemoryCluster.Term;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.VmRecord;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** All records at one instant, as the store holds them. */
record StoreView(
        Optional<Term> term,
        Optional<ControllerSet> controllers,
        Map<String, JobRecord> jobs,
        Map<String, VmRecord> vms,
        Map<String, HostRecord> hosts) {
    long epoch() {
        return term.map(Term::epoch).orElse(0L);
    }

    static StoreView read(SimEnsemble ensemble) {
        try (MemoryStore store = new MemoryStore(ensemble)) {
            Map<String, JobRecord> jobs = new LinkedHashMap<>();
            for (StoredRecord record : store.readJobs().join()) {
                JobRecord job = JobRecord.parseFrom(record.value());
                jobs.put(job.getSpec().getName(), job);
            }
            Map<String, VmRecord> vms = new LinkedHashMap<>();
            for (StoredRecord record : store.readVms().join()) {
                VmRecord vm = VmRecord.parseFrom(record.value());
                vms.put(vm.getVmId(), vm);
            }
            Map<String, HostRecord> hosts = new LinkedHashMap<>();
            for (StoredRecord record : store.readHosts().join()) {
                HostRecord host = HostRecord.parseFrom(record.value());
                hosts.put(host.getHostId(), host);
            }
            return new StoreView(ensemble.term(), ensemble.controllers().set(), jobs, vms, hosts);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the store holds what nobody can read", e);
        }
    }
}
