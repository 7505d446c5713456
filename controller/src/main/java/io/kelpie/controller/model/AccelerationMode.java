package io.kelpie.controller.model;

/** The accelerator that a job asks for. */
public enum AccelerationMode {
    KVM,
    TCG,
    /** KVM where it is verified, else TCG. */
    ANY
}
