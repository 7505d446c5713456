package io.kelpie.controller.reconcile;

import io.kelpie.common.id.VmIds;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.Vm;
import io.kelpie.controller.model.VmState;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** What a job lacks. */
final class JobReconciliation {
    private JobReconciliation() {}

    static List<JobCorrection> corrections(Job job, Collection<Vm> vms) {
        List<Vm> own = vms.stream()
                .filter(vm -> vm.jobUid().equals(job.uid()))
                .sorted(Comparator.comparingInt(Vm::ordinal))
                .toList();
        List<JobCorrection> corrections = new ArrayList<>();
        int wanted = job.deleting() ? 0 : job.replicas();
        create(job, wanted, own, corrections);
        delete(wanted, own, corrections);
        restart(job, wanted, own, corrections);
        if (job.deleting() && own.isEmpty()) {
            corrections.add(new JobCorrection.RemoveJob(job.uid()));
        }
        return corrections;
    }

    private static void create(Job job, int wanted, List<Vm> own, List<JobCorrection> corrections) {
        BitSet taken = new BitSet(wanted);
        own.forEach(vm -> taken.set(vm.ordinal()));
        for (int ordinal = taken.nextClearBit(0); ordinal < wanted; ordinal = taken.nextClearBit(ordinal + 1)) {
            corrections.add(
                    new JobCorrection.CreateVm(VmIds.vmId(job.uid(), ordinal), ordinal, job.firstIncarnation()));
        }
    }

    private static void delete(int wanted, List<Vm> own, List<JobCorrection> corrections) {
        for (int i = own.size() - 1; i >= 0; i--) {
            Vm vm = own.get(i);
            if (vm.ordinal() >= wanted && !isBeingDeleted(vm.state())) {
                corrections.add(new JobCorrection.DeleteVm(vm.vmId()));
            }
        }
    }

    private static void restart(Job job, int wanted, List<Vm> own, List<JobCorrection> corrections) {
        List<Vm> kept = own.stream().filter(vm -> vm.ordinal() < wanted).toList();
        long unavailable = wanted
                - kept.size()
                + kept.stream().filter(JobReconciliation::isUnavailable).count();
        // a roll that may take nothing down would never end
        long mayTakeDown = Math.max(1, job.restartMaxUnavailable()) - unavailable;
        kept.stream()
                .filter(vm -> vm.state() == VmState.RUNNING && vm.restartSerial() < job.restartSerial())
                .limit(Math.max(0, mayTakeDown))
                .forEach(vm -> corrections.add(new JobCorrection.RestartVm(vm.vmId())));
    }

    private static boolean isUnavailable(Vm vm) {
        return switch (vm.state()) {
            case PENDING, PLACED, STARTING, MIGRATING, STOPPING, EVICTING, DELETING, DELETED -> true;
            case RUNNING, STOPPED, FAILED -> false;
        };
    }

    private static boolean isBeingDeleted(VmState state) {
        return switch (state) {
            case DELETING, DELETED -> true;
            case PENDING, PLACED, STARTING, RUNNING, MIGRATING, STOPPING, EVICTING, STOPPED, FAILED -> false;
        };
    }
}
