package io.kelpie.controller.control;

import io.kelpie.common.units.Durations;
import io.kelpie.controller.lifecycle.StoredWait;
import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.model.VmShape;
import io.kelpie.controller.scheduling.queue.QueueFacts;
import io.kelpie.controller.view.JobView;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.Specs;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.BackupPlace;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.QueuePlace;
import io.kelpie.proto.v1.VmRecord;
import java.util.Optional;

/** Says why a VM is where it is and what happens next. Pure. */
public final class Explanations {
    private Explanations() {}

    /** From the decisions on the VM, and what is known of it beside. */
    public static ExplainVmResponse explain(VmView vm, Outlook outlook, ReadModel model, long nowMillis) {
        ExplainVmResponse.Builder response = ExplainVmResponse.newBuilder().setNext(next(vm, model, nowMillis));
        Optional<JobView> job = model.job(vm.name().job());
        if (job.isPresent()) {
            VmShape shape = Shapes.shape(Specs.of(job.get().record(), vm.record()));
            response.setAsks(Records.reservation(Reservation.of(shape))).setGuestMemoryMib(shape.guestMemoryMib());
        }
        vm.decision().ifPresent(response::setDecision);
        response.addAllPastDecisions(model.formerDecisions(vm.name()));
        if (vm.record().getHostId().isEmpty()) { // what is durable may be behind what placement knows
            outlook.queue().ifPresent(facts -> response.setQueue(queue(facts)));
        } else {
            outlook.backup().ifPresent(backup -> response.setBackup(backup(backup, model)));
        }
        return response.setVm(Protos.vm(vm, model)).build();
    }

    private static BackupPlace backup(Outlook.Backup backup, ReadModel model) {
        return BackupPlace.newBuilder()
                .setHostId(backup.hostId())
                .setHostName(model.host(backup.hostId())
                        .map(info -> info.record().getName())
                        .orElse(""))
                .setReason(backup.reason())
                .build();
    }

    private static QueuePlace queue(QueueFacts facts) {
        return QueuePlace.newBuilder()
                .setState(
                        switch (facts.state()) {
                            case READY -> QueuePlace.State.STATE_READY;
                            case BLOCKED -> QueuePlace.State.STATE_BLOCKED;
                            case WAITING -> QueuePlace.State.STATE_WAITING;
                        })
                .setAhead(facts.ahead())
                .setVms(facts.waiting())
                .build();
    }

    private static String next(VmView vm, ReadModel model, long nowMillis) {
        VmRecord record = vm.record();
        String host = model.host(record.getHostId())
                .map(info -> info.record().getName())
                .orElse(record.getHostId());
        return switch (Records.state(record.getState())) {
            case PENDING -> {
                long waitMillis = record.getNotBeforeMillis() - nowMillis;
                if (!StoredWait.isOver(record.getStateSinceMillis(), record.getNotBeforeMillis(), nowMillis)) {
                    yield "it is placed again in " + Durations.formatSeconds((waitMillis + 999) / 1000)
                            + ", after its last instance ended: "
                            + record.getLastExit().getMessage();
                }
                yield vm.pendingDecision() == null
                        ? "it is decided on when its turn comes, by priority and then by namespaces in turn"
                        : "it is decided on again as soon as a change could help it, and now and then without one";
            }
            case PLACED -> host + " was told to start it and has not answered yet";
            case STARTING -> host + " is starting it";
            case RUNNING -> "it runs on " + host + sinceChanged(vm, model);
            case MIGRATING -> "it is moving away from " + host;
            case STOPPING -> host + " is stopping it";
            case EVICTING -> host + " is stopping it; then it is placed again";
            case DELETING -> host + " is stopping it; then it is deleted";
            case STOPPED ->
                "nothing, until an operator starts it: kelpie start vm "
                        + vm.name().name();
            case FAILED ->
                "nothing: its restart policy allows no further attempt; the last instance ended: "
                        + record.getLastExit().getMessage() + ". When the cause is gone: kelpie start vm "
                        + vm.name().name();
            case DELETED -> "it is gone as soon as its host has removed its files";
        };
    }

    /** Its priority is the present one; where it is was decided by the former rules. */
    private static String sinceChanged(VmView vm, ReadModel model) {
        boolean changed = model.job(vm.name().job())
                .filter(job -> job.record().getVersion() > vm.record().getSpecVersion())
                .isPresent();
        return changed
                ? "; its job was changed since it was placed, and other rules count for it from its next placement on: kelpie"
                        + " explain vm " + vm.name().name() + " --live shows where it would go now"
                : "";
    }
}
