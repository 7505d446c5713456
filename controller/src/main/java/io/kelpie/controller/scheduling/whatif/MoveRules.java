package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.Optional;

/** What placement does not know of VMs that are to be moved. Answers the same at every call. */
public interface MoveRules {
    /**
     * Why the VM has to stay on its host, in words that follow its name, e.g. {@code keeps disk root there}; empty if
     * it may be moved.
     */
    Optional<String> forbidden(InstanceView vm);

    /** What the VM asks for when it is placed anew: its job's template may have changed since it was started. */
    PlacementRequest request(InstanceView vm);

    /** How many of the job's VMs may be away at once. */
    Budget budget(JobKey job);

    /**
     * How many VMs of a job may be away at once.
     *
     * @param maxUnavailable the job's own limit, from 0
     * @param unavailable VMs of the job that do not run now though they should
     */
    record Budget(int maxUnavailable, int unavailable) {
        /** VMs that may be sent away now. */
        public int left() {
            return Math.max(0, maxUnavailable - unavailable);
        }
    }
}
