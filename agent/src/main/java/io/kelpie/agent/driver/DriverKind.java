package io.kelpie.agent.driver;

/** The drivers, in the order in which {@code driver: auto} prefers them; {@code FAKE} is never chosen by auto. */
public enum DriverKind {
    QEMU,
    LIBVIRT,
    FAKE
}
