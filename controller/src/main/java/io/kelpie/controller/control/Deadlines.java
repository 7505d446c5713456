package io.kelpie.controller.control;

import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.VmState;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * No passing state without its three deadlines: send again, kill, call the host faulty. A host that is not heard is not
 * blamed: its VMs' deadlines begin anew when it is. Belongs to the control thread.
 */
final class Deadlines {
    private static final long PLACED_SECONDS = 5;
    private static final long STARTING_SECONDS = 120;
    private static final long STOPPING_SECONDS = 15;

    private final ClusterEditor cluster;
    private final VmSteps steps;
    private final Consumer<Unit> pipeline;

    Deadlines(ClusterEditor cluster, VmSteps steps, Consumer<Unit> pipeline) {
        this.cluster = cluster;
        this.steps = steps;
        this.pipeline = pipeline;
    }

    /** Looks at every VM that is on its way from one state to another. */
    void check() {
        long now = cluster.nowNanos();
        for (VmEntry vm : List.copyOf(cluster.passing())) {
            boolean heard = cluster.host(HostEntry.storageHost(vm.record()))
                    .map(host -> host.ready)
                    .orElse(false);
            if (!heard || vm.nextDeadlineNanos == 0) {
                vm.deadlinesPassed = 0;
                vm.nextDeadlineNanos = now + intervalNanos(vm);
            } else if (now - vm.nextDeadlineNanos >= 0) {
                vm.nextDeadlineNanos = now + intervalNanos(vm);
                passed(vm);
            }
        }
    }

    private void passed(VmEntry vm) {
        vm.deadlinesPassed = Math.min(vm.deadlinesPassed + 1, 3);
        Unit unit = new Unit();
        if (vm.state() == VmState.DELETED) {
            steps.bury(vm, unit);
        } else {
            VmEvent event = switch (vm.deadlinesPassed) {
                case 1 -> VmEvent.DEADLINE_1;
                case 2 -> VmEvent.DEADLINE_2;
                default -> VmEvent.DEADLINE_3;
            };
            steps.apply(
                    vm,
                    event,
                    VmSteps.Details.NONE,
                    "Deadline",
                    "still " + vm.state() + " past deadline " + vm.deadlinesPassed + " of 3",
                    unit);
        }
        pipeline.accept(unit);
    }

    private long intervalNanos(VmEntry vm) {
        long seconds = switch (vm.state()) {
            case PLACED, DELETED -> PLACED_SECONDS;
            case STARTING, MIGRATING -> STARTING_SECONDS;
            case STOPPING, EVICTING, DELETING -> STOPPING_SECONDS + Commands.graceSeconds(vm, cluster.jobOf(vm));
            case PENDING, RUNNING, STOPPED, FAILED ->
                throw new IllegalStateException(vm.state() + " is no passing state");
        };
        return TimeUnit.SECONDS.toNanos(seconds);
    }
}
