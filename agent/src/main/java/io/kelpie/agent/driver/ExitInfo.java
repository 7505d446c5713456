package io.kelpie.agent.driver;

/**
 * How an instance ended.
 *
 * @param cause what ended it
 * @param exitCode exit code of the hypervisor; 0 if a signal ended it or it is not known
 * @param signal signal that ended the hypervisor; 0 if none
 * @param message one sentence for the operator
 * @param stderrTail end of the hypervisor's standard error, at most 2 KiB
 */
public record ExitInfo(Cause cause, int exitCode, int signal, String message, String stderrTail) {
    /** What ended an instance. */
    public enum Cause {
        /** The guest shut itself down. */
        GUEST_SHUTDOWN,
        /** {@link VmDriver#stop} or {@link VmDriver#kill} did. */
        COMMANDED,
        /** The hypervisor failed before the guest ran. */
        START_FAILED,
        /** The hypervisor failed, or was killed by someone else. */
        CRASHED,
        /** The host's lease ended: the guard ended the hypervisor, or refused to run it. */
        LEASE_ENDED,
        /** There is no trace of how it ended, e.g. after a reboot of the host. */
        LOST
    }
}
