package io.kelpie.agent.instance;

/** The instances that run by the host's lease, as the lease sees them. Called on the loop; never blocks. */
interface LeasedInstances {
    /** The lease has lapsed: begins to end all of them, and goes on until none is left. */
    void end();

    /** Those that have not ended. */
    long left();
}
