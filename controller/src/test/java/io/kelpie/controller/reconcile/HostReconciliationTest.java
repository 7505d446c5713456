package io.kelpie.controller.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.controller.model.InstancePhase;
import io.kelpie.controller.model.ObservedInstance;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.reconcile.HostCorrection.Forget;
import io.kelpie.controller.reconcile.HostCorrection.KeepOrphan;
import io.kelpie.controller.reconcile.HostCorrection.KillStale;
import io.kelpie.controller.reconcile.HostCorrection.Report;
import io.kelpie.controller.reconcile.HostCorrection.ReportLost;
import io.kelpie.controller.reconcile.HostCorrection.ResendStart;
import io.kelpie.controller.reconcile.HostCorrection.ResendStop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostReconciliationTest {
    private static final UUID ID = new UUID(0, 7);
    private static final Set<VmState> ON_HOST = EnumSet.of(
            VmState.PLACED,
            VmState.STARTING,
            VmState.RUNNING,
            VmState.MIGRATING,
            VmState.STOPPING,
            VmState.EVICTING,
            VmState.DELETING);

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"PLACED", "STARTING", "RUNNING", "MIGRATING"})
    void thePresentInstanceIsReportedInEveryPhase(VmState state) {
        for (InstancePhase phase : InstancePhase.values()) {
            ObservedInstance instance = instance(5, phase);
            assertThat(onH1(vm(state, 5, "h1"), instance)).containsExactly(new Report(instance));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"STOPPING", "EVICTING", "DELETING"})
    void aStopThatHasNotArrivedIsSentAgain(VmState state) {
        Vm vm = vm(state, 5, "h1");
        for (InstancePhase phase : List.of(InstancePhase.PREPARING, InstancePhase.STARTING, InstancePhase.RUNNING)) {
            ObservedInstance instance = instance(5, phase);
            assertThat(onH1(vm, instance)).containsExactly(new Report(instance), new ResendStop(ID, 5));
        }
        for (InstancePhase phase : List.of(InstancePhase.STOPPING, InstancePhase.EXITED)) {
            ObservedInstance instance = instance(5, phase);
            assertThat(onH1(vm, instance)).containsExactly(new Report(instance));
        }
    }

    @Test
    void anInstanceBelowTheRecordsIncarnationIsStale() {
        Vm vm = vm(VmState.RUNNING, 6, "h2");
        assertThat(onH1(vm, instance(5, InstancePhase.RUNNING))).containsExactly(new KillStale(ID, 5));
        assertThat(onH1(vm, instance(5, InstancePhase.STOPPING))).containsExactly(new KillStale(ID, 5));
        assertThat(onH1(vm, instance(5, InstancePhase.EXITED)))
                .containsExactly(new Forget(ID, 5, ForgetScope.INSTANCE));
        assertThat(onH1(vm, instance(5, InstancePhase.REJECTED)))
                .containsExactly(new Forget(ID, 5, ForgetScope.INSTANCE));
    }

    @Test
    void aWaitingVmsEarlierInstanceIsStale() {
        Vm vm = vm(VmState.PENDING, 6, null);
        assertThat(onH1(vm, instance(5, InstancePhase.RUNNING))).containsExactly(new KillStale(ID, 5));
    }

    @Test
    void anInstanceOnAnotherHostThanTheRecordsIsStale() {
        Vm vm = vm(VmState.RUNNING, 5, "h2");
        assertThat(onH1(vm, instance(5, InstancePhase.RUNNING))).containsExactly(new KillStale(ID, 5));
    }

    @Test
    void anEarlierInstanceBesideThePresentOneIsForgotten() {
        Vm vm = vm(VmState.RUNNING, 5, "h1");
        ObservedInstance present = instance(5, InstancePhase.RUNNING);
        assertThat(onH1(vm, instance(4, InstancePhase.EXITED), present))
                .containsExactly(new Forget(ID, 4, ForgetScope.INSTANCE), new Report(present));
    }

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"STOPPED", "FAILED"})
    void theInstanceOfAVmAtRestIsKeptWhenEndedAndKilledWhenAlive(VmState state) {
        Vm vm = vm(state, 5, null);
        ObservedInstance ended = instance(5, InstancePhase.EXITED);
        assertThat(onH1(vm, ended)).containsExactly(new Report(ended));
        assertThat(onH1(vm, instance(5, InstancePhase.RUNNING))).containsExactly(new KillStale(ID, 5));
    }

    @Test
    void aDeletedVmsFilesGoWhenItsInstanceHasEnded() {
        Vm deleted = vm(VmState.DELETED, 5, null);
        assertThat(onH1(deleted, instance(5, InstancePhase.RUNNING))).containsExactly(new KillStale(ID, 5));
        assertThat(onH1(deleted, instance(5, InstancePhase.EXITED))).containsExactly(new Forget(ID, 5, ForgetScope.VM));
        Vm withDisks = TestVm.like(deleted).deleteDisks().build();
        assertThat(onH1(withDisks, instance(4, InstancePhase.EXITED)))
                .containsExactly(new Forget(ID, 4, ForgetScope.VM_AND_KEPT_DISKS));
    }

    @Test
    void aTombstoneIsForgottenByItsStorageHostThoughThatKnowsNoInstance() {
        Vm deleted = vm(VmState.DELETED, 5, null);
        assertThat(onH1(TestVm.like(deleted).storageHost("h1").build()))
                .containsExactly(new Forget(ID, 5, ForgetScope.VM));
        assertThat(onH1(TestVm.like(deleted).storageHost("h2").build())).isEmpty();
        assertThat(onH1(deleted)).isEmpty();
    }

    @Test
    void anInstanceWithoutARecordIsAnOrphan() {
        ObservedInstance instance = instance(5, InstancePhase.RUNNING);
        List<HostCorrection> corrections = Reconciler.host("h1", List.of(instance), id -> Optional.empty(), List.of());
        assertThat(corrections).containsExactly(new KeepOrphan(instance, "no VM has this id"));
    }

    @Test
    void anIncarnationAboveTheRecordsIsAnOrphanAndNothingIsStartedBesideIt() {
        ObservedInstance instance = instance(6, InstancePhase.RUNNING);
        KeepOrphan orphan = new KeepOrphan(instance, "incarnation 6 is above the VM's, which is 5");
        for (VmState state : VmState.values()) {
            String host = ON_HOST.contains(state) ? "h1" : null;
            assertThat(onH1(vm(state, 5, host), instance)).as("%s", state).containsExactly(orphan);
        }
    }

    @Test
    void theNextIncarnationOfAWaitingVmIsAnOrphan() {
        ObservedInstance instance = instance(5, InstancePhase.RUNNING);
        assertThat(onH1(vm(VmState.PENDING, 5, null), instance))
                .containsExactly(
                        new KeepOrphan(instance, "incarnation 5 is the VM's next one, which has not been started"));
    }

    @Test
    void aStartThatNeverArrivedIsSentAgain() {
        assertThat(onH1(vm(VmState.PLACED, 5, "h1"))).containsExactly(new ResendStart(ID, 5));
        assertThat(onH1(vm(VmState.PLACED, 5, "h1"), instance(4, InstancePhase.EXITED)))
                .containsExactly(new Forget(ID, 4, ForgetScope.INSTANCE), new ResendStart(ID, 5));
        assertThat(onH1(vm(VmState.PLACED, 5, "h2"))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"STARTING", "RUNNING", "MIGRATING", "STOPPING", "EVICTING", "DELETING"})
    void anInstanceThatShouldBeThereAndIsNotIsLost(VmState state) {
        assertThat(onH1(vm(state, 5, "h1"))).containsExactly(new ReportLost(ID, 5));
        assertThat(onH1(vm(state, 5, "h2"))).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = VmState.class,
            names = {"PENDING", "STOPPED", "FAILED"})
    void aVmWithoutAnInstanceMissesNone(VmState state) {
        Vm vm = TestVm.like(vm(state, 5, null)).storageHost("h1").build();
        assertThat(onH1(vm)).isEmpty();
    }

    @Test
    void theSourceOfAMigrationRunsOn() {
        ObservedInstance source = instance(4, InstancePhase.RUNNING);
        assertThat(onH1(vm(VmState.MIGRATING, 5, "h1"), source)).containsExactly(new Report(source));
        assertThat(onH1(vm(VmState.MIGRATING, 5, "h1"), instance(3, InstancePhase.RUNNING)))
                .contains(new KillStale(ID, 3));
    }

    /** The safety rule, on random lists and records: what is killed has a record that is elsewhere or further on. */
    @Test
    void nothingIsKilledThatTheRecordsDoNotExplain() {
        int kills = 0;
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            Map<UUID, Vm> records = new HashMap<>();
            List<ObservedInstance> reported = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                UUID id = new UUID(0, i);
                VmState state = pick(random, VmState.values());
                if (random.nextInt(5) > 0) {
                    String host = ON_HOST.contains(state) ? pick(random, "h1", "h2") : null;
                    records.put(id, vm(id, state, 1 + random.nextInt(4), host));
                }
                for (long incarnation = 1; incarnation <= 4; incarnation++) {
                    if (random.nextInt(3) == 0) {
                        reported.add(new ObservedInstance(id, incarnation, pick(random, InstancePhase.values())));
                    }
                }
            }
            List<HostCorrection> corrections =
                    Reconciler.host("h1", reported, id -> Optional.ofNullable(records.get(id)), records.values());

            for (HostCorrection correction : corrections) {
                if (correction instanceof KillStale kill) {
                    kills++;
                    Vm vm = Optional.ofNullable(records.get(kill.vmId())).orElseThrow();
                    boolean furtherOn = vm.incarnation() > kill.incarnation();
                    boolean elsewhere = !vm.hostId().equals(Optional.of("h1")) && vm.state() != VmState.PENDING;
                    assertThat(furtherOn || elsewhere)
                            .as("seed %d, %s", seed, correction)
                            .isTrue();
                }
                if (correction instanceof ResendStart start) {
                    assertThat(reported)
                            .as("seed %d", seed)
                            .noneMatch(instance -> instance.vmId().equals(start.vmId())
                                    && instance.incarnation() >= start.incarnation());
                }
            }
            for (ObservedInstance instance : reported) {
                long verdicts = corrections.stream()
                        .filter(correction -> isAbout(correction, instance))
                        .count();
                assertThat(verdicts).as("seed %d, %s", seed, instance).isEqualTo(1);
            }
        }
        assertThat(kills).isGreaterThan(100);
    }

    private static boolean isAbout(HostCorrection correction, ObservedInstance instance) {
        if (correction instanceof Report report) {
            return report.instance().equals(instance);
        }
        if (correction instanceof KeepOrphan orphan) {
            return orphan.instance().equals(instance);
        }
        if (correction instanceof KillStale kill) {
            return kill.vmId().equals(instance.vmId()) && kill.incarnation() == instance.incarnation();
        }
        return correction instanceof Forget forget
                && forget.vmId().equals(instance.vmId())
                && forget.incarnation() == instance.incarnation();
    }

    @SafeVarargs
    private static <T> T pick(Random random, T... values) {
        return values[random.nextInt(values.length)];
    }

    private static List<HostCorrection> onH1(Vm vm, ObservedInstance... reported) {
        return Reconciler.host(
                "h1",
                Arrays.asList(reported),
                id -> id.equals(vm.vmId()) ? Optional.of(vm) : Optional.empty(),
                List.of(vm));
    }

    private static ObservedInstance instance(long incarnation, InstancePhase phase) {
        return new ObservedInstance(ID, incarnation, phase);
    }

    private static Vm vm(VmState state, long incarnation, @Nullable String host) {
        return vm(ID, state, incarnation, host);
    }

    private static Vm vm(UUID id, VmState state, long incarnation, @Nullable String host) {
        TestVm vm = new TestVm(id, TestJob.UID, 0).state(state).incarnation(incarnation);
        return host == null ? vm.build() : vm.host(host).build();
    }
}
