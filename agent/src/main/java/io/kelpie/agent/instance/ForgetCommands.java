package io.kelpie.agent.instance;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.CommandAck;
import io.kelpie.proto.v1.ForgetInstance;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes what ended instances have left. Belongs to the loop. */
final class ForgetCommands {
    private static final Logger LOG = LoggerFactory.getLogger(ForgetCommands.class);

    private final InstanceTable table;

    ForgetCommands(InstanceTable table) {
        this.table = table;
    }

    void forget(InstanceId id, Command command, ControllerSink from) {
        ForgetInstance forget = command.getForget();
        Instance instance = table.instances.get(id);
        if (instance != null && !instance.ended()) {
            table.refuse(command, from, "instance " + id + " has not ended. Fix: stop it first");
            return;
        }
        boolean removeKept = forget.getDeleteDisks() && !forget.getInstanceOnly();
        Optional<Instance> active = table.activeOf(id.vmId());
        if (removeKept && active.isPresent()) {
            table.refuse(
                    command, from, "instance " + active.get().id + " uses the VM's kept disks. Fix: stop it first");
            return;
        }
        // What the ledger is still writing about the instance comes first, else it would come back.
        table.ledgerLanes.submit(id, "flush " + id, () -> true, flushed -> remove(id, removeKept, command, from));
    }

    private void remove(InstanceId id, boolean removeKept, Command command, ControllerSink from) {
        boolean last = table.instances.keySet().stream()
                .noneMatch(other -> other.vmId().equals(id.vmId()) && !other.equals(id));
        table.vmLanes.submit(
                id.vmId(),
                "forget " + id,
                () -> {
                    table.with.provisioner().removeInstance(id);
                    if (removeKept) {
                        table.with.provisioner().removeKeptDisks(id.vmId());
                    }
                    boolean kept = table.with.provisioner().hasKeptDisks(id.vmId());
                    table.with.ledger().refuseUpTo(id.vmId(), id.incarnation());
                    table.with.ledger().removeInstance(id);
                    if (last && !kept) {
                        table.with.ledger().removeLog(id.vmId());
                    }
                    return kept;
                },
                outcome -> outcome.handle(kept -> forgotten(id, kept, command, from), failure -> {
                    LOG.error("cannot remove the files of instance {}", id, failure);
                    table.refuse(command, from, "the files cannot be removed: " + Failures.text(failure));
                }));
    }

    private void forgotten(InstanceId id, boolean kept, Command command, ControllerSink from) {
        table.refused(id);
        Instance instance = table.instances.remove(id);
        if (instance != null) {
            table.with.observer().phase(instance.observedPhase, Optional.empty());
        }
        for (Instance other : table.instances.values()) {
            if (other.id.vmId().equals(id.vmId()) && other.ended()) {
                other.entry = other.entry.withKeptDisks(kept);
            }
        }
        table.ack(
                from,
                InstanceTable.answer(id, command.getSequence(), CommandAck.Outcome.OUTCOME_ACCEPTED).toBuilder()
                        .setForgotten(true)
                        .build());
    }
}
