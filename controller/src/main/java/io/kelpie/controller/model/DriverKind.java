package io.kelpie.controller.model;

/** A driver on a host, in the order in which {@code auto} prefers them. {@code FAKE} is never chosen by auto. */
public enum DriverKind {
    QEMU,
    LIBVIRT,
    FAKE
}
