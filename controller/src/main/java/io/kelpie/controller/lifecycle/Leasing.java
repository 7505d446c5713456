package io.kelpie.controller.lifecycle;

import io.kelpie.controller.model.OnHostFailure;
import java.util.Optional;

/**
 * Whether an instance is leased; fixed when it is placed. Immutable.
 *
 * @param leased whether it may run only while its host's lease lasts
 * @param notLeasedReason why it is not although its job asks for it; empty otherwise
 */
public record Leasing(boolean leased, String notLeasedReason) {
    /** Controllers that leasing needs: with one, its restart would end VMs. */
    public static final int CONTROLLERS_NEEDED = 2;

    /**
     * Decides. Pure.
     *
     * @param asked what the job asks for
     * @param localDisk a disk that outlives instances and is seen by the chosen host alone, as {@code disk NAME on pool
     *     POOL}; empty: there is none
     * @param controllersThatMayLead members of the controller set that may lead
     * @param cannotLease why no driver of the host can run the VM leased; empty: one can
     */
    public static Leasing decide(
            OnHostFailure asked, Optional<String> localDisk, int controllersThatMayLead, Optional<String> cannotLease) {
        boolean left = switch (asked) {
            case LEAVE -> true;
            case BY_DISKS -> localDisk.isPresent();
            case RESTART -> false;
        };
        if (left) {
            return new Leasing(false, "");
        }
        if (localDisk.isPresent()) {
            return new Leasing(false, localDisk.get() + " is kept and seen by this host alone");
        }
        if (controllersThatMayLead < CONTROLLERS_NEEDED) {
            return new Leasing(
                    false,
                    "the cluster has fewer than two controllers, so a restart of its controller would end leased VMs");
        }
        return cannotLease.map(reason -> new Leasing(false, reason)).orElse(new Leasing(true, ""));
    }
}
