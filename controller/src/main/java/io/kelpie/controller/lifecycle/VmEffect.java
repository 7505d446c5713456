package io.kelpie.controller.lifecycle;

/** What a transition asks for. Data only: the control loop carries it out, sends after the commit. */
public enum VmEffect {
    /** Take the reservation on the host. */
    ACQUIRE,
    /** Give the reservation back. */
    RELEASE,
    /** The next instance gets a new incarnation. */
    NEXT_INCARNATION,
    /** Wait for a place. */
    ENQUEUE,
    /** Wait for a place no more. */
    DEQUEUE,
    SEND_START,
    /** Stop every side that lives. */
    SEND_STOP,
    SEND_MIGRATE,
    /** Send again what this state sends. */
    RESEND,
    SEND_KILL,
    /** No grant and no placement for this host until an operator or a fence has looked. */
    MARK_HOST_FAULTY
}
