package io.kelpie.controller.reconcile;

import io.kelpie.common.id.VmIds;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import java.util.Optional;
import java.util.UUID;

/** Makes VMs for tests; what is not said is empty, zero or PENDING. */
final class TestVm {
    private final UUID vmId;
    private final UUID jobUid;
    private final int ordinal;
    private VmState state = VmState.PENDING;
    private long incarnation = 1;
    private Optional<String> hostId = Optional.empty();
    private Optional<String> storageHostId = Optional.empty();
    private long restartSerial;
    private boolean deleteDisks;

    TestVm(UUID vmId, UUID jobUid, int ordinal) {
        this.vmId = vmId;
        this.jobUid = jobUid;
        this.ordinal = ordinal;
    }

    /** A VM that a job has just made. */
    static Vm accepted(Job job, int ordinal) {
        return new TestVm(VmIds.vmId(job.uid(), ordinal), job.uid(), ordinal)
                .incarnation(job.firstIncarnation())
                .restartSerial(job.restartSerial())
                .build();
    }

    /** Begins with the values of a VM. */
    static TestVm like(Vm vm) {
        TestVm like = new TestVm(vm.vmId(), vm.jobUid(), vm.ordinal());
        like.state = vm.state();
        like.incarnation = vm.incarnation();
        like.hostId = vm.hostId();
        like.storageHostId = vm.storageHostId();
        like.restartSerial = vm.restartSerial();
        like.deleteDisks = vm.deleteDisks();
        return like;
    }

    TestVm state(VmState value) {
        state = value;
        return this;
    }

    TestVm incarnation(long value) {
        incarnation = value;
        return this;
    }

    TestVm host(String value) {
        hostId = Optional.of(value);
        return this;
    }

    TestVm storageHost(String value) {
        storageHostId = Optional.of(value);
        return this;
    }

    TestVm restartSerial(long value) {
        restartSerial = value;
        return this;
    }

    TestVm deleteDisks() {
        deleteDisks = true;
        return this;
    }

    Vm build() {
        return new Vm(vmId, jobUid, ordinal, state, incarnation, hostId, storageHostId, restartSerial, deleteDisks);
    }
}
