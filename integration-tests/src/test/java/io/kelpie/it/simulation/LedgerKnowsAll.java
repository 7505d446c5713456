package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import java.util.Map;

/** No hypervisor exists that its host's ledger does not know. */
final class LedgerKnowsAll implements Checker {
    private final Violations violations;
    private final Map<String, SimAgent> agents;

    LedgerKnowsAll(Violations violations, Map<String, SimAgent> agents) {
        this.violations = violations;
        this.agents = agents;
    }

    @Override
    public void runs(SimMachine machine, InstanceId id, boolean leased) {
        SimAgent agent = agents.get(machine.name);
        if (agent == null
                || agent.ledger.load().entries().stream()
                        .noneMatch(entry -> entry.id().equals(id))) {
            violations.found(this, machine.name + " runs " + id + ", which is not in its ledger");
        }
    }
}
