package io.kelpie.controller.lifecycle;

/** Why a host's instances are known not to run. */
public enum FencedBy {
    /** Its last lease has ended: this frees leased instances only. */
    LEASE_ENDED,
    /** A fence plug-in has confirmed that it is off. */
    POWERED_OFF,
    /** An operator has said so. */
    CONFIRMED_DEAD
}
