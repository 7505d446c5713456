package io.kelpie.controller.store.memory;

/** How a batch's answer can be lost. */
public enum CommitFault {
    /** The batch is applied, and nobody is told. */
    LOST_APPLIED,
    /** The batch never arrives. */
    LOST_NOT_APPLIED,
    /** The batch arrives later, when {@link MemoryCluster#deliverLate} is called. */
    LOST_UNDER_WAY
}
