package io.kelpie.agent.capability;

/** Whether /dev/kvm can be used. */
public enum KvmDeviceState {
    /** No such file. */
    ABSENT,
    /** The agent may not open it. */
    NO_PERMISSION,
    /** It opens, speaks the right version and makes VMs. */
    USABLE,
    /** It opens, but is not a usable KVM. */
    BROKEN
}
