package io.kelpie.controller.control;

import io.kelpie.controller.lease.Closing;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.lifecycle.Returning;
import io.kelpie.controller.lifecycle.Transition;
import io.kelpie.controller.lifecycle.VmEffect;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.lifecycle.VmLifecycle;
import io.kelpie.controller.model.VmState;
import io.kelpie.proto.v1.Command;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.VmRecord;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Carries out what the lifecycle table says: the new record goes into the unit, and what is sent to hosts is sent once
 * the unit is durable. Belongs to the control thread.
 */
final class VmSteps {
    /** What an event adds to the VM's record, after the table's own changes. */
    @FunctionalInterface
    interface Details {
        void addTo(VmRecord.Builder record);

        /** Nothing to add. */
        Details NONE = record -> {};
    }

    private final ClusterEditor cluster;
    private final Commands commands;
    private final Leases leases;

    VmSteps(ClusterEditor cluster, Commands commands, Leases leases) {
        this.cluster = cluster;
        this.commands = commands;
        this.leases = leases;
    }

    /** What the table says of the event, without carrying it out. */
    Transition peek(VmEntry vm, VmEvent event) {
        return VmLifecycle.next(vm.state(), event);
    }

    /**
     * Applies an event of the VM's present incarnation.
     *
     * @param type one word for the event log
     * @param message what happened, for the event log; one sentence
     * @return whether the table takes the event; false if it ignores it
     * @throws IllegalStateException if the table calls the event illegal
     */
    boolean apply(VmEntry vm, VmEvent event, Details details, String type, String message, Unit unit) {
        Transition transition = peek(vm, event);
        if (transition instanceof Transition.Taken taken) {
            take(vm, event, taken, details, type, message, unit);
            return true;
        }
        if (transition instanceof Transition.Ignored) {
            return false;
        }
        throw new IllegalStateException(event + " cannot happen to VM " + vm.name() + " in state " + vm.state());
    }

    private void take(
            VmEntry vm,
            VmEvent event,
            Transition.Taken taken,
            Details details,
            String type,
            String message,
            Unit unit) {
        VmRecord former = vm.record();
        VmRecord.Builder next = former.toBuilder();
        if (taken.to() != vm.state()) {
            next.setState(Records.state(taken.to())).setStateSinceMillis(cluster.nowMillis());
        }
        for (VmEffect effect : taken.effects()) {
            changeRecord(effect, vm, next);
        }
        next.setReturning(Returning.after(former.getReturning(), vm.state(), event, taken.to()));
        details.addTo(next);
        VmRecord changed = next.build();
        if (!changed.equals(former)) {
            cluster.putVm(vm, changed, unit);
        }
        unit.then(() -> cluster.events().add(vm.subject(), type, message));
        for (VmEffect effect : taken.effects()) {
            send(effect, vm, changed.getHostId(), unit);
        }
        if (taken.to() == VmState.DELETED) {
            bury(vm, unit);
        }
    }

    /** The part of an effect that is a change of the record. */
    private void changeRecord(VmEffect effect, VmEntry vm, VmRecord.Builder next) {
        switch (effect) {
            case RELEASE -> release(vm, next);
            case NEXT_INCARNATION -> next.setIncarnation(next.getIncarnation() + 1);
            case ACQUIRE, ENQUEUE, DEQUEUE -> {} // the placement's details, and the state itself
            case SEND_START, SEND_STOP, SEND_MIGRATE, RESEND, SEND_KILL, MARK_HOST_FAULTY -> {}
        }
    }

    private void release(VmEntry vm, VmRecord.Builder next) {
        Map<String, Long> kept = next.getKeptDisks()
                ? Records.poolMib(cluster.jobOf(vm).specOf(vm).getVm(), true)
                : Map.of();
        next.clearHostId();
        if (kept.isEmpty()) {
            next.clearReservation();
        } else {
            next.setReservation(Records.reservation(0, 0, kept));
        }
    }

    /** The part of an effect that follows the commit. */
    private void send(VmEffect effect, VmEntry vm, String hostId, Unit unit) {
        JobEntry job = cluster.jobOf(vm);
        switch (effect) {
            case SEND_START -> {
                Command start = commands.start(vm, job); // as of this unit, whatever follows it
                unit.then(() -> cluster.host(hostId).ifPresent(host -> start(host, start)));
            }
            case SEND_STOP -> sendTo(hostId, () -> commands.stop(vm, job), unit);
            case SEND_KILL ->
                sendTo(hostId, () -> commands.kill(vm.id(), vm.record().getIncarnation(), vm.version()), unit);
            case RESEND -> unit.then(() -> resend(vm));
            case MARK_HOST_FAULTY -> unit.then(() -> markFaulty(vm, hostId));
            case SEND_MIGRATE, ACQUIRE, RELEASE, NEXT_INCARNATION, ENQUEUE, DEQUEUE -> {}
        }
    }

    private void sendTo(String hostId, Supplier<ConnectResponse> command, Unit unit) {
        ConnectResponse message = command.get(); // as of this unit, whatever follows it
        unit.then(() -> cluster.host(hostId).ifPresent(host -> {
            if (host.session != null) {
                host.session.send(message);
            }
        }));
    }

    /** Sends again what the VM's present state sends. All of it must be durable. */
    void resend(VmEntry vm) {
        HostEntry host = cluster.host(vm.record().getHostId()).orElse(null);
        if (host == null || host.session == null || cluster.vm(vm.id()).isEmpty()) {
            return;
        }
        JobEntry job = cluster.jobOf(vm);
        switch (vm.state()) {
            case PLACED -> start(host, commands.start(vm, job));
            case STOPPING, EVICTING, DELETING -> host.session.send(commands.stop(vm, job));
            case PENDING, STARTING, RUNNING, MIGRATING, STOPPED, FAILED, DELETED -> {}
        }
    }

    /**
     * Hands a start to its host. A leased one names a lineage that this leader has granted; before the first grant it is
     * not sent, and that grant sends it. Nothing is started where a fence is on its way.
     */
    private void start(HostEntry host, Command start) {
        OptionalLong lineage = leases.grantedLineage(host.id());
        boolean allowed = start.getStart().getLeased() ? lineage.isPresent() : !leases.isClosed(host.id());
        if (host.session != null && allowed) {
            host.session.send(Commands.under(start, lineage));
        }
    }

    /** The host does not do what it is told: its lease is to run out, so that it can be fenced. */
    private void markFaulty(VmEntry vm, String hostId) {
        cluster.host(hostId).ifPresent(host -> {
            if (host.fault.isEmpty()) {
                host.fault = "VM " + vm.name() + " has been " + vm.state()
                        + " past its last deadline; nothing is placed or granted here before the agent connects anew";
                leases.close(host.id(), Closing.FAULTY);
                cluster.events().add(host.subject(), "HostFaulty", host.fault);
            }
        });
    }

    /** The tombstone: the record goes once the host has acknowledged that the files have. */
    void bury(VmEntry vm, Unit unit) {
        VmRecord record = vm.record();
        if (record.getStorageHostId().isEmpty()
                || cluster.host(record.getStorageHostId()).isEmpty()) {
            cluster.removeVm(vm, unit);
            return;
        }
        sendTo(record.getStorageHostId(), () -> commands.forgetVm(vm), unit);
    }
}
