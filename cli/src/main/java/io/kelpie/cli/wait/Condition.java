package io.kelpie.cli.wait;

import io.kelpie.proto.v1.VmState;

/** What a VM is waited for. A job is waited for until all of its VMs are so. */
public enum Condition {
    RUNNING,
    STOPPED,
    FAILED,
    DELETED;

    boolean holds(VmState state) {
        return switch (this) {
            case RUNNING -> state == VmState.VM_STATE_RUNNING || state == VmState.VM_STATE_MIGRATING;
            case STOPPED -> state == VmState.VM_STATE_STOPPED;
            case FAILED -> state == VmState.VM_STATE_FAILED;
            case DELETED -> state == VmState.VM_STATE_DELETED;
        };
    }

    /** True if a VM in that state will not come to the condition by itself, because it has failed for good. */
    boolean isFailedBy(VmState state) {
        return switch (this) {
            case RUNNING, STOPPED -> state == VmState.VM_STATE_FAILED;
            case FAILED, DELETED -> false;
        };
    }

    /** Lower case, for people. */
    public String word() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
