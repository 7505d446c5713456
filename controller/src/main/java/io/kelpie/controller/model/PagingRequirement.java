package io.kelpie.controller.model;

/** How KVM must translate guest addresses. */
public enum PagingRequirement {
    /** EPT or NPT. */
    HARDWARE,
    /** Shadow page tables too. */
    ANY
}
