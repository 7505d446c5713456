package io.kelpie.controller.reconcile;

/** What a host removes when it forgets an ended instance. */
public enum ForgetScope {
    /** The instance's own files; the VM goes on elsewhere or as a later instance. */
    INSTANCE,
    /** All files of the VM but its kept disks. */
    VM,
    /** All files of the VM. */
    VM_AND_KEPT_DISKS
}
