package io.kelpie.controller.reconcile;

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
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Function;

/** What follows from one host's full list. Used once, by one thread. */
final class HostReconciliation {
    private final String hostId;
    private final List<ObservedInstance> reported;
    private final Function<UUID, Optional<Vm>> known;
    private final Map<UUID, TreeSet<Long>> incarnations = new HashMap<>();
    private final List<HostCorrection> corrections = new ArrayList<>();

    HostReconciliation(String hostId, List<ObservedInstance> reported, Function<UUID, Optional<Vm>> known) {
        this.hostId = hostId;
        this.reported = reported;
        this.known = known;
        for (ObservedInstance instance : reported) {
            incarnations.computeIfAbsent(instance.vmId(), id -> new TreeSet<>()).add(instance.incarnation());
        }
    }

    List<HostCorrection> corrections(Collection<Vm> ofHost) {
        for (ObservedInstance instance : reported) {
            known.apply(instance.vmId())
                    .ifPresentOrElse(
                            vm -> judge(instance, vm),
                            () -> corrections.add(new KeepOrphan(instance, "no VM has this id")));
        }
        ofHost.forEach(this::judgeAbsence);
        return corrections;
    }

    private void judge(ObservedInstance instance, Vm vm) {
        long incarnation = instance.incarnation();
        if (incarnation > vm.incarnation()) {
            corrections.add(new KeepOrphan(
                    instance, "incarnation " + incarnation + " is above the VM's, which is " + vm.incarnation()));
        } else if (incarnation == vm.incarnation() && vm.state() == VmState.PENDING) {
            corrections.add(new KeepOrphan(
                    instance, "incarnation " + incarnation + " is the VM's next one, which has not been started"));
        } else if (isPresent(instance, vm)) {
            corrections.add(new Report(instance));
            if (isToStop(vm.state()) && isNotStopping(instance.phase())) {
                corrections.add(new ResendStop(vm.vmId(), incarnation));
            }
        } else if (instance.phase().hasEnded()) {
            corrections.add(new Forget(vm.vmId(), incarnation, scope(vm)));
        } else {
            corrections.add(new KillStale(vm.vmId(), incarnation));
        }
    }

    /** Whether the instance is the one that the record speaks of; of a VM that has ended, its last one that has too. */
    private boolean isPresent(ObservedInstance instance, Vm vm) {
        boolean same = instance.incarnation() == vm.incarnation();
        return switch (vm.state()) {
            case PLACED, STARTING, RUNNING, STOPPING, EVICTING, DELETING -> same && isHere(vm.hostId());
            // the source runs on with its own incarnation until the switchover is committed
            case MIGRATING -> instance.incarnation() >= vm.incarnation() - 1;
            case STOPPED, FAILED -> same && instance.phase().hasEnded();
            case PENDING, DELETED -> false;
        };
    }

    private void judgeAbsence(Vm vm) {
        TreeSet<Long> listed = incarnations.getOrDefault(vm.vmId(), new TreeSet<>());
        if (!listed.isEmpty() && listed.last() > vm.incarnation()) {
            return; // an orphan that the record does not explain: nothing is started beside it
        }
        boolean absent = !listed.contains(vm.incarnation());
        switch (vm.state()) {
            case PLACED -> {
                if (absent && isHere(vm.hostId())) {
                    corrections.add(new ResendStart(vm.vmId(), vm.incarnation()));
                }
            }
            case STARTING, RUNNING, STOPPING, EVICTING, DELETING -> {
                if (absent && isHere(vm.hostId())) {
                    corrections.add(new ReportLost(vm.vmId(), vm.incarnation()));
                }
            }
            case MIGRATING -> {
                if (absent && !listed.contains(vm.incarnation() - 1) && isHere(vm.hostId())) {
                    corrections.add(new ReportLost(vm.vmId(), vm.incarnation()));
                }
            }
            case DELETED -> {
                // kept disks may lie there without an instance; a host that knows nothing says that all is gone
                if (listed.isEmpty() && isHere(vm.storageHostId())) {
                    corrections.add(new Forget(vm.vmId(), vm.incarnation(), scope(vm)));
                }
            }
            case PENDING, STOPPED, FAILED -> {}
        }
    }

    private boolean isHere(Optional<String> host) {
        return host.isPresent() && host.get().equals(hostId);
    }

    private static ForgetScope scope(Vm vm) {
        if (vm.state() != VmState.DELETED) {
            return ForgetScope.INSTANCE;
        }
        return vm.deleteDisks() ? ForgetScope.VM_AND_KEPT_DISKS : ForgetScope.VM;
    }

    private static boolean isToStop(VmState state) {
        return switch (state) {
            case STOPPING, EVICTING, DELETING -> true;
            case PENDING, PLACED, STARTING, RUNNING, MIGRATING, STOPPED, FAILED, DELETED -> false;
        };
    }

    private static boolean isNotStopping(InstancePhase phase) {
        return switch (phase) {
            case PREPARING, STARTING, RUNNING -> true;
            case STOPPING, EXITED, REJECTED -> false;
        };
    }
}
