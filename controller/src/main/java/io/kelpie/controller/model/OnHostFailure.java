package io.kelpie.controller.model;

/** What becomes of a VM when its host is not heard any more. */
public enum OnHostFailure {
    /** LEAVE if a kept disk is on a pool of one host, else RESTART. */
    BY_DISKS,
    /** The VM is leased: it ends with its host's lease, and is started elsewhere. */
    RESTART,
    /** It runs on through any partition, and is started elsewhere only on an operator's word. */
    LEAVE
}
