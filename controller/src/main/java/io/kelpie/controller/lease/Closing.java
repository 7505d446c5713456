package io.kelpie.controller.lease;

/** Why a leader promises nothing to a host. */
public enum Closing {
    /** Its fence is on its way into the store. */
    FENCING,
    /** A fence plug-in is powering it off. */
    POWERING_OFF,
    /** It does not do what it is told; its lease is to run out. */
    FAULTY
}
