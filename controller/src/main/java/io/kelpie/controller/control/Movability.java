package io.kelpie.controller.control;

import io.kelpie.controller.model.OnHostFailure;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.scheduling.whatif.MoveRules.Budget;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.RestartPolicy;
import io.kelpie.proto.v1.VmRecord;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Which VMs may be stopped for the sake of something else, and how many of a job at once. Pure. */
public final class Movability {
    private Movability() {}

    /** Why a VM has to stay on its host, in words that follow its name; empty if it may be moved. */
    public static Optional<String> forbidden(JobRecord job, VmRecord vm) {
        VmState state = Records.state(vm.getState());
        if (state != VmState.RUNNING) {
            return Optional.of("is " + state.name().toLowerCase(Locale.ROOT) + ", and only VMs that run are moved");
        }
        if (vm.getSparedCount() > 0) {
            return Optional.of("has another live instance beside this one");
        }
        if (vm.getKeptDisks()) {
            String disk = Records.keptDiskPools(job.getSpec().getVm()).keySet().stream()
                    .findFirst()
                    .map(name -> "disk " + name)
                    .orElse("a disk");
            return Optional.of("keeps " + disk + " there");
        }
        if (job.getSpec().getRestart().getPolicy() == RestartPolicy.Policy.POLICY_NEVER) {
            return Optional.of("belongs to a job that is never restarted (spec.restart.policy)");
        }
        return job.getDeleting() ? Optional.of("is about to be deleted") : Optional.empty();
    }

    /** Why a VM must not be ended for a more important one, in words that follow its name; empty if it may be. */
    public static Optional<String> endForbidden(JobRecord job, VmRecord vm) {
        VmState state = Records.state(vm.getState());
        boolean ends = switch (state) {
            case PLACED, STARTING, RUNNING -> false;
            case PENDING, MIGRATING, STOPPING, EVICTING, DELETING, STOPPED, FAILED, DELETED -> true;
        };
        if (ends) {
            return Optional.of("is " + state.name().toLowerCase(Locale.ROOT));
        }
        if (vm.getSparedCount() > 0) {
            return Optional.of("has another live instance beside this one");
        }
        if (vm.getKeptDisks()) {
            return Optional.of("keeps a disk there and could run nowhere else");
        }
        if (Records.onHostFailure(job.getSpec()) == OnHostFailure.LEAVE) {
            return Optional.of("is to be left where it is (spec.onHostFailure)");
        }
        if (job.getSpec().getRestart().getPolicy() == RestartPolicy.Policy.POLICY_NEVER) {
            return Optional.of("belongs to a job that is never restarted (spec.restart.policy)");
        }
        return Optional.empty();
    }

    /** Whether a VM is on its way out of its host and does not come back there by itself. */
    static boolean isLeaving(VmRecord vm) {
        return switch (Records.state(vm.getState())) {
            case STOPPING, DELETING -> true;
            case EVICTING -> !vm.getPreferredHostId().equals(vm.getHostId());
            case PENDING, PLACED, STARTING, RUNNING, MIGRATING, STOPPED, FAILED, DELETED -> false;
        };
    }

    /**
     * How many VMs of a job may be away at once.
     *
     * @param vms the records of its VMs
     */
    public static Budget budget(JobRecord job, Collection<VmRecord> vms) {
        int wanted = job.getSpec().getReplicas();
        int present = 0;
        int unavailable = 0;
        for (VmRecord vm : vms) {
            if (vm.getOrdinal() < wanted) {
                present++;
                unavailable += isUnavailable(Records.state(vm.getState())) ? 1 : 0;
            }
        }
        return new Budget(Shapes.maxUnavailable(job.getSpec()), unavailable + wanted - present);
    }

    private static boolean isUnavailable(VmState state) {
        return switch (state) {
            case PENDING, PLACED, STARTING, MIGRATING, STOPPING, EVICTING, DELETING, DELETED -> true;
            case RUNNING, STOPPED, FAILED -> false;
        };
    }
}
