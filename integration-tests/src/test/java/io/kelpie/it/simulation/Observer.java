package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;

/** Sees every hypervisor, as someone who looks at all machines at once would. */
interface Observer {
    /** Why a hypervisor ended. */
    enum End {
        GUEST,
        CRASH,
        COMMAND,
        DEADLINE,
        GUARD_KILLED,
        POWER
    }

    /** Its guest's CPUs run from now on. */
    void runs(SimMachine machine, InstanceId id, boolean leased);

    void ended(SimMachine machine, InstanceId id, boolean leased, End how);
}
