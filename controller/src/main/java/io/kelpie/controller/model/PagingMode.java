package io.kelpie.controller.model;

/** How a host translates guest addresses. */
public enum PagingMode {
    /** The host cannot run KVM guests. */
    NONE,
    EPT,
    NPT,
    SHADOW
}
