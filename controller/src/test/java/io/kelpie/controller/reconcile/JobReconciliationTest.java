package io.kelpie.controller.reconcile;

import static io.kelpie.controller.reconcile.TestJob.job;
import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.common.id.VmIds;
import io.kelpie.controller.lifecycle.Transition;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.lifecycle.VmLifecycle;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.reconcile.JobCorrection.CreateVm;
import io.kelpie.controller.reconcile.JobCorrection.DeleteVm;
import io.kelpie.controller.reconcile.JobCorrection.RemoveJob;
import io.kelpie.controller.reconcile.JobCorrection.RestartVm;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JobReconciliationTest {
    @Test
    void aNewJobGetsItsVms() {
        assertThat(Reconciler.job(job().replicas(2).build(), List.of()))
                .containsExactly(new CreateVm(id(0), 0, 1), new CreateVm(id(1), 1, 1));
    }

    @Test
    void newVmsBeginAboveTheFloor() {
        Job job = job().replicas(1).incarnationFloor(41).build();
        assertThat(Reconciler.job(job, List.of())).containsExactly(new CreateVm(id(0), 0, 42));
        assertThat(TestVm.accepted(job, 0).incarnation()).isEqualTo(42);
    }

    @Test
    void onlyMissingOrdinalsAreMade() {
        Job job = job().replicas(4).build();
        assertThat(Reconciler.job(job, List.of(vm(0, VmState.RUNNING), vm(2, VmState.FAILED))))
                .containsExactly(new CreateVm(id(1), 1, 1), new CreateVm(id(3), 3, 1));
    }

    @Test
    void aTombstoneKeepsItsOrdinalUntilItIsGone() {
        assertThat(Reconciler.job(job().replicas(1).build(), List.of(vm(0, VmState.DELETED))))
                .isEmpty();
    }

    @Test
    void scalingDownDeletesTheHighestOrdinals() {
        Job job = job().replicas(1).build();
        List<Vm> vms = List.of(
                vm(3, VmState.DELETING), vm(0, VmState.RUNNING), vm(1, VmState.STOPPED), vm(2, VmState.PENDING));
        assertThat(Reconciler.job(job, vms)).containsExactly(new DeleteVm(id(2)), new DeleteVm(id(1)));
    }

    @Test
    void aJobThatIsDeletedLosesItsVmsAndThenItsRecord() {
        Job job = job().replicas(3).deleting().build();
        assertThat(Reconciler.job(job, List.of(vm(0, VmState.RUNNING), vm(1, VmState.DELETED))))
                .containsExactly(new DeleteVm(id(0)));
        assertThat(Reconciler.job(job, List.of(vm(0, VmState.DELETED)))).isEmpty();
        assertThat(Reconciler.job(job, List.of())).containsExactly(new RemoveJob(job.uid()));
    }

    @Test
    void vmsOfAnEarlierJobOfTheNameAreNotItsOwn() {
        Vm earlier = new TestVm(new UUID(9, 9), new UUID(9, 0), 0)
                .state(VmState.DELETED)
                .build();
        assertThat(Reconciler.job(job().replicas(1).build(), List.of(earlier)))
                .containsExactly(new CreateVm(id(0), 0, 1));
    }

    @Test
    void aRollingRestartTakesNoMoreVmsDownThanAllowed() {
        Job job = job().replicas(4).restartSerial(1).restartMaxUnavailable(2).build();
        List<Vm> running =
                List.of(vm(0, VmState.RUNNING), vm(1, VmState.RUNNING), vm(2, VmState.RUNNING), vm(3, VmState.RUNNING));
        assertThat(Reconciler.job(job, running)).containsExactly(new RestartVm(id(0)), new RestartVm(id(1)));

        List<Vm> oneIsDown = List.of(
                vm(0, VmState.EVICTING), vm(1, VmState.RUNNING), vm(2, VmState.RUNNING), vm(3, VmState.RUNNING));
        assertThat(Reconciler.job(job, oneIsDown)).containsExactly(new RestartVm(id(1)));

        List<Vm> twoAreDown = List.of(
                vm(0, VmState.STARTING), vm(1, VmState.PENDING), vm(2, VmState.RUNNING), vm(3, VmState.RUNNING));
        assertThat(Reconciler.job(job, twoAreDown)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"STOPPED", "FAILED"})
    void vmsThatDoNotRunByWillNeitherCountNorAreStarted(VmState state) {
        Job job = job().replicas(3).restartSerial(1).restartMaxUnavailable(1).build();
        assertThat(Reconciler.job(job, List.of(vm(0, state), vm(1, VmState.RUNNING), vm(2, VmState.RUNNING))))
                .containsExactly(new RestartVm(id(1)));
    }

    @Test
    void aMissingVmCountsAsUnavailable() {
        Job job = job().replicas(2).restartSerial(1).restartMaxUnavailable(1).build();
        assertThat(Reconciler.job(job, List.of(vm(0, VmState.RUNNING)))).containsExactly(new CreateVm(id(1), 1, 1));
    }

    @Test
    void vmsAreRestartedOnceAndNotWhenTheyAreToGo() {
        Job job = job().replicas(1).restartSerial(3).restartMaxUnavailable(5).build();
        Vm done = TestVm.like(vm(0, VmState.RUNNING)).restartSerial(3).build();
        assertThat(Reconciler.job(job, List.of(done, vm(1, VmState.RUNNING)))).containsExactly(new DeleteVm(id(1)));
    }

    @Test
    void aLimitOfZeroStillRolls() {
        Job job = job().replicas(2).restartSerial(1).restartMaxUnavailable(0).build();
        assertThat(Reconciler.job(job, List.of(vm(0, VmState.RUNNING), vm(1, VmState.RUNNING))))
                .containsExactly(new RestartVm(id(0)));
    }

    /** Corrections and the lifecycle together bring any job from any beginning to what it asks for, and then rest. */
    @Test
    void everyJobConverges() {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int maxUnavailable = 1 + random.nextInt(3);
            Job job = job().replicas(random.nextInt(8))
                    .restartSerial(random.nextInt(2))
                    .restartMaxUnavailable(maxUnavailable)
                    .build();
            Map<UUID, Vm> vms = new TreeMap<>();
            for (int ordinal = 0; ordinal < 8; ordinal++) {
                if (random.nextBoolean()) {
                    List<VmState> states = List.of(VmState.values());
                    Vm vm = vm(ordinal, states.get(random.nextInt(states.size())));
                    vms.put(vm.vmId(), vm);
                }
            }
            for (int round = 0; round < 100; round++) {
                int down = down(job, vms);
                List<JobCorrection> corrections = Reconciler.job(job, vms.values());
                corrections.forEach(correction -> apply(job, correction, vms));
                long restarts =
                        corrections.stream().filter(RestartVm.class::isInstance).count();
                assertThat(restarts).as("seed %d", seed).isLessThanOrEqualTo(Math.max(0, maxUnavailable - down));
                vms.values().removeIf(vm -> vm.state() == VmState.DELETED);
                vms.replaceAll((id, vm) -> progress(job, vm));
            }
            assertThat(Reconciler.job(job, vms.values())).as("seed %d", seed).isEmpty();
            assertThat(vms).as("seed %d", seed).hasSize(job.replicas());
            assertThat(vms.values()).as("seed %d", seed).allMatch(vm -> switch (vm.state()) {
                case RUNNING -> vm.restartSerial() == job.restartSerial();
                case STOPPED, FAILED -> true;
                case PENDING, PLACED, STARTING, MIGRATING, STOPPING, EVICTING, DELETING, DELETED -> false;
            });
        }
    }

    private static int down(Job job, Map<UUID, Vm> vms) {
        int down = job.replicas();
        for (Vm vm : vms.values()) {
            boolean fine =
                    vm.state() == VmState.RUNNING || vm.state() == VmState.STOPPED || vm.state() == VmState.FAILED;
            if (vm.ordinal() < job.replicas() && fine) {
                down--;
            }
        }
        return down;
    }

    private static void apply(Job job, JobCorrection correction, Map<UUID, Vm> vms) {
        if (correction instanceof CreateVm create) {
            assertThat(vms.put(create.vmId(), TestVm.accepted(job, create.ordinal())))
                    .isNull();
        } else if (correction instanceof DeleteVm delete) {
            vms.computeIfPresent(delete.vmId(), (id, vm) -> after(vm, VmEvent.DELETE_REQUESTED));
        } else if (correction instanceof RestartVm restart) {
            vms.computeIfPresent(restart.vmId(), (id, vm) -> after(vm, VmEvent.EVICT_REQUESTED));
        }
    }

    /** What hosts and the scheduler make of a VM when all goes well. */
    private static Vm progress(Job job, Vm vm) {
        return switch (vm.state()) {
            case PENDING ->
                TestVm.like(after(vm, VmEvent.PLACEMENT_COMMITTED))
                        .restartSerial(job.restartSerial())
                        .build();
            case PLACED -> after(vm, VmEvent.START_ACCEPTED);
            case STARTING -> after(vm, VmEvent.GUEST_RUNNING);
            case MIGRATING -> after(vm, VmEvent.SWITCHOVER_COMMITTED);
            case STOPPING, EVICTING, DELETING -> after(vm, VmEvent.EXITED_FINAL_CLEAN);
            case RUNNING, STOPPED, FAILED, DELETED -> vm;
        };
    }

    private static Vm after(Vm vm, VmEvent event) {
        Transition transition = VmLifecycle.next(vm.state(), event);
        assertThat(transition).as("%s + %s", vm.state(), event).isInstanceOf(Transition.Taken.class);
        return TestVm.like(vm).state(((Transition.Taken) transition).to()).build();
    }

    private static UUID id(int ordinal) {
        return VmIds.vmId(TestJob.UID, ordinal);
    }

    private static Vm vm(int ordinal, VmState state) {
        return new TestVm(id(ordinal), TestJob.UID, ordinal).state(state).build();
    }
}
