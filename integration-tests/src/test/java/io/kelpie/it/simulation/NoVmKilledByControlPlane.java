package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;

/** While only controllers and their store fail, no hypervisor ends but by an operator's will. */
final class NoVmKilledByControlPlane implements Checker {
    private final Violations violations;
    private boolean watching;

    NoVmKilledByControlPlane(Violations violations) {
        this.violations = violations;
    }

    void watch(boolean now) {
        watching = now;
    }

    @Override
    public void ended(SimMachine machine, InstanceId id, boolean leased, Observer.End how) {
        if (watching) {
            violations.found(this, machine.name + " lost " + id + " (" + how + ") although no host had a fault");
        }
    }
}
