package io.kelpie.it.simulation;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.fencing.LeaseRules;
import io.kelpie.agent.instance.Ledger;
import io.kelpie.agent.instance.LedgerEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A ledger that outlives its agent, and whose disk can fail. */
final class RamLedger implements Ledger {
    private final SimMachine machine;
    private final Map<InstanceId, LedgerEntry> entries = new LinkedHashMap<>();
    private final Map<UUID, Long> highest = new LinkedHashMap<>();
    private final LeaseRules rules;
    boolean broken;

    RamLedger(SimMachine machine, LeaseRules rules) {
        this.machine = machine;
        this.rules = rules;
    }

    private void write() throws IOException {
        if (broken) {
            throw new IOException("no space left on device");
        }
    }

    @Override
    public Contents load() {
        return new Contents(List.copyOf(entries.values()), new ArrayList<>(), new HashMap<>(highest));
    }

    @Override
    public void write(LedgerEntry entry) throws IOException {
        write();
        entries.put(entry.id(), entry);
        machine.folder(entry.id());
    }

    @Override
    public void refuseUpTo(UUID vmId, long incarnation) throws IOException {
        write();
        highest.put(vmId, rules.refusedUpTo(highest.getOrDefault(vmId, 0L), incarnation));
    }

    @Override
    public void removeInstance(InstanceId id) throws IOException {
        write();
        entries.remove(id);
        machine.removeFolder(id);
    }

    @Override
    public void removeLog(UUID vmId) {}

    @Override
    public Map<UUID, Long> prune(long nowMillis, Retention retention) {
        return Map.of();
    }
}
