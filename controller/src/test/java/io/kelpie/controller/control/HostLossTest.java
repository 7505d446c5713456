package io.kelpie.controller.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.OnHostFailure;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostLossTest {
    private static final Predicate<String> SHARED = pool -> pool.equals("nfs");

    private static JobSpec job(OnHostFailure onHostFailure, String keptPool) {
        JobSpec.Builder job = TestController.job("web", 1).toBuilder().setOnHostFailure(onHostFailure);
        if (!keptPool.isEmpty()) {
            job.getVmBuilder()
                    .addDisks(DataDisk.newBuilder()
                            .setName("data")
                            .setSizeMib(100)
                            .setPool(keptPool)
                            .setKeep(true));
        }
        return job.build();
    }

    private static VmRecord.Builder vm() {
        return VmRecord.newBuilder().setState(VmState.VM_STATE_RUNNING).setLeased(true);
    }

    @Test
    void aNewVmIsRestartedUnlessItsJobOrItsDisksForbidIt() {
        VmRecord fresh = VmRecord.getDefaultInstance();
        assertThat(HostLoss.willRestart(job(OnHostFailure.ON_HOST_FAILURE_UNSPECIFIED, ""), fresh, SHARED))
                .isTrue();
        assertThat(HostLoss.willRestart(job(OnHostFailure.ON_HOST_FAILURE_UNSPECIFIED, "nfs"), fresh, SHARED))
                .isTrue();
        assertThat(HostLoss.willRestart(job(OnHostFailure.ON_HOST_FAILURE_UNSPECIFIED, "default"), fresh, SHARED))
                .isFalse();
        assertThat(HostLoss.willRestart(job(OnHostFailure.ON_HOST_FAILURE_RESTART, "default"), fresh, SHARED))
                .isFalse();
        assertThat(HostLoss.willRestart(job(OnHostFailure.ON_HOST_FAILURE_LEAVE, ""), fresh, SHARED))
                .isFalse();
        VmRecord bound = VmRecord.newBuilder().setKeptDisks(true).build();
        assertThat(HostLoss.willRestart(job(OnHostFailure.ON_HOST_FAILURE_RESTART, ""), bound, SHARED))
                .isFalse();
    }

    @Test
    void anInstanceIsRestartedAsItWasPlaced() {
        JobSpec leave = job(OnHostFailure.ON_HOST_FAILURE_LEAVE, "");
        assertThat(HostLoss.restarts(leave, vm().build(), SHARED))
                .as("leased: the change counts for the next instance")
                .isTrue();
        assertThat(HostLoss.restarts(leave, vm().setLeased(false).build(), SHARED))
                .isFalse();
        VmRecord notLeased = vm().setLeased(false)
                .setNotLeasedReason("fewer than two controllers")
                .build();
        assertThat(HostLoss.restarts(leave, notLeased, SHARED))
                .as("an operator's word restarts it")
                .isTrue();
        assertThat(HostLoss.restarts(job(OnHostFailure.ON_HOST_FAILURE_RESTART, "default"), notLeased, SHARED))
                .isFalse();
        assertThat(HostLoss.restarts(leave, vm().setKeptDisks(true).build(), SHARED))
                .isFalse();
    }

    @Test
    void whyAnInstanceIsNotRestartedIsToldByWhatForbidsIt() {
        JobSpec free = job(OnHostFailure.ON_HOST_FAILURE_UNSPECIFIED, "");
        assertThat(HostLoss.whyNotRestarted(free, vm().setLeased(false).build(), SHARED))
                .contains("onHostFailure: leave");
        assertThat(HostLoss.whyNotRestarted(
                        free, vm().setState(VmState.VM_STATE_STOPPING).build(), SHARED))
                .contains("being stopped");
        assertThat(HostLoss.whyNotRestarted(free, vm().setKeptDisks(true).build(), SHARED))
                .contains("disks that it keeps");
        assertThat(HostLoss.whyNotRestarted(
                        job(OnHostFailure.ON_HOST_FAILURE_UNSPECIFIED, "default"),
                        vm().setLeased(false).build(),
                        SHARED))
                .contains("disks that it keeps");
    }

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"VM_STATE_UNSPECIFIED", "UNRECOGNIZED"},
            mode = EnumSource.Mode.EXCLUDE)
    void whoIsStoppedOrDeletedStaysSo(VmState state) {
        boolean wanted = switch (state) {
            case VM_STATE_PLACED, VM_STATE_STARTING, VM_STATE_RUNNING, VM_STATE_MIGRATING, VM_STATE_EVICTING -> true;
            default -> false;
        };
        assertThat(HostLoss.restarts(
                        TestController.job("web", 1), vm().setState(state).build(), SHARED))
                .isEqualTo(wanted);
    }
}
