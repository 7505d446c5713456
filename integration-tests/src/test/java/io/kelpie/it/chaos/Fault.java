package io.kelpie.it.chaos;

import java.util.Set;

/**
 * One fault, ready to be injected and healed.
 *
 * @param targets nodes that it is done to; two faults with a common one are not injected at once
 * @param vms VMs whose QEMU it ends or may end by itself
 * @param what it is, for the transcript
 * @param holdMillis time from injection to healing
 */
record Fault(
        FaultKind kind, Set<String> targets, Set<String> vms, String what, long holdMillis, Step inject, Step heal) {
    /** Does something to the cluster. */
    interface Step {
        void run() throws Exception;
    }
}
