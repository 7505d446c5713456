package io.kelpie.controller.model;

/** When a VM whose instance has ended is started again: at most {@code attempts} times within the window. */
public record RestartPolicy(When when, int attempts, long windowMillis) {
    /** After which ends a VM is started again. */
    public enum When {
        /** After any end but a clean shutdown by the guest. */
        ON_FAILURE,
        ALWAYS,
        NEVER
    }

    public static final RestartPolicy DEFAULT = new RestartPolicy(When.ON_FAILURE, 5, 600_000);
}
