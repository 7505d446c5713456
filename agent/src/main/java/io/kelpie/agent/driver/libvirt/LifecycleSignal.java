package io.kelpie.agent.driver.libvirt;

import java.util.UUID;

/**
 * A lifecycle event of a domain, as libvirt sends it.
 *
 * @param domain UUID of the domain
 * @param change what happened
 */
record LifecycleSignal(UUID domain, Change change) {
    /** What happened to a domain, as far as it matters here. */
    enum Change {
        STARTED,
        SUSPENDED,
        RESUMED,
        SHUTDOWN_BY_GUEST,
        SHUTDOWN_BY_HOST,
        STOPPED_SHUTDOWN,
        STOPPED_DESTROYED,
        STOPPED_CRASHED,
        STOPPED_TAKEN,
        OTHER;

        /**
         * From the numbers of {@code virDomainEventType} and of the detail that goes with it. libvirt-java's own enums
         * do not know who asked for a shutdown.
         */
        static Change of(int event, int detail) {
            return switch (event) {
                case 2 -> STARTED;
                case 3, 7 -> SUSPENDED; // 7: by the guest's own power management
                case 4 -> RESUMED;
                case 5 -> stopped(detail);
                case 6 -> detail == 2 ? SHUTDOWN_BY_HOST : SHUTDOWN_BY_GUEST;
                default -> OTHER;
            };
        }

        private static Change stopped(int detail) {
            return switch (detail) {
                case 0 -> STOPPED_SHUTDOWN;
                case 1 -> STOPPED_DESTROYED;
                case 3, 4, 6 -> STOPPED_TAKEN; // migrated, saved, reverted to a snapshot
                default -> STOPPED_CRASHED; // crashed, failed, and what later versions of libvirt may add
            };
        }
    }
}
