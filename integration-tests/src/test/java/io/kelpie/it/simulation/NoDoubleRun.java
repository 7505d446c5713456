package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** At every instant at most one hypervisor of a VM runs, on whatever machine; and no instance ever runs twice. */
final class NoDoubleRun implements Checker {
    private final Violations violations;
    private final Map<UUID, String> running = new HashMap<>();
    private final Set<InstanceId> ever = new HashSet<>();

    NoDoubleRun(Violations violations) {
        this.violations = violations;
    }

    @Override
    public void runs(SimMachine machine, InstanceId id, boolean leased) {
        String where = machine.name + " as " + id.incarnation();
        String other = running.putIfAbsent(id.vmId(), where);
        if (other != null) {
            violations.found(this, "VM " + id.vmId() + " runs on " + other + " and on " + where);
        }
        if (!ever.add(id)) {
            violations.found(this, "instance " + id + " runs again, on " + where);
        }
    }

    @Override
    public void ended(SimMachine machine, InstanceId id, boolean leased, Observer.End how) {
        running.remove(id.vmId());
    }

    Map<UUID, String> running() {
        return running;
    }
}
