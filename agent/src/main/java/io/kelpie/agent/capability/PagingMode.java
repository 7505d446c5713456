package io.kelpie.agent.capability;

/** How guest addresses are translated under KVM. */
public enum PagingMode {
    /** No KVM. */
    NONE,
    /** Intel extended page tables. */
    EPT,
    /** AMD nested page tables. */
    NPT,
    /** Shadow page tables, in software. */
    SHADOW
}
