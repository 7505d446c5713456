package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.lifecycle.Transition;
import io.kelpie.controller.lifecycle.VmEvent;
import io.kelpie.controller.model.VmState;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.ControlVmResponse;
import io.kelpie.proto.v1.ErrorReason;
import java.util.Map;

/** Operators' changes of single VMs. The requests must have passed validation. */
public final class VmOperations {
    private VmOperations() {}

    /** No VM has the name. */
    public static KelpieException notFound(String namespace, String name) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_VM_NOT_FOUND,
                "VM " + QuotedText.of(namespace + "/" + name) + " does not exist",
                "see what there is with: kelpie get vms -A; a VM is named by its job and number, e.g. web-0",
                Map.of("vm", name, "namespace", namespace));
    }

    /** Stops, starts or restarts a VM. */
    public static Operation control(ControlVmRequest request) {
        return (context, unit) -> {
            VmEntry vm = context.vm(request.getNamespace(), request.getName());
            boolean changed = request(context, vm, request.getAction(), unit);
            return ControlVmResponse.newBuilder()
                    .setVm(context.show(vm))
                    .setChanged(changed)
                    .build();
        };
    }

    /** @return false if the VM is already so */
    static boolean request(OperationContext context, VmEntry vm, ControlAction action, Unit unit) {
        return switch (action) {
            case CONTROL_ACTION_STOP -> stop(context, vm, unit);
            case CONTROL_ACTION_START -> start(context, vm, unit);
            case CONTROL_ACTION_RESTART ->
                switch (vm.state()) {
                    case STOPPED, FAILED -> start(context, vm, unit);
                    case PENDING, PLACED, STARTING, RUNNING, MIGRATING, STOPPING, EVICTING, DELETING, DELETED ->
                        restart(context, vm, unit);
                };
            case CONTROL_ACTION_UNSPECIFIED, UNRECOGNIZED ->
                throw KelpieException.invalidField("action", "is missing", "give STOP, START or RESTART");
        };
    }

    private static boolean stop(OperationContext context, VmEntry vm, Unit unit) {
        refuseIllegal(context, vm, VmEvent.STOP_REQUESTED, "stopped");
        return context.steps()
                .apply(
                        vm,
                        VmEvent.STOP_REQUESTED,
                        record -> record.setNotBeforeMillis(0),
                        "StopRequested",
                        "an operator asked for a stop",
                        unit);
    }

    private static boolean start(OperationContext context, VmEntry vm, Unit unit) {
        refuseIllegal(context, vm, VmEvent.START_REQUESTED, "started");
        return context.steps()
                .apply(
                        vm,
                        VmEvent.START_REQUESTED,
                        record -> record.setNotBeforeMillis(0)
                                .clearFailedAtMillis()
                                .clearAvoidedHosts(),
                        "StartRequested",
                        "an operator asked for a start",
                        unit);
    }

    private static boolean restart(OperationContext context, VmEntry vm, Unit unit) {
        refuseIllegal(context, vm, VmEvent.EVICT_REQUESTED, "restarted");
        return JobRound.evict(vm, context.steps(), "RestartRequested", "an operator asked for a restart", unit);
    }

    private static void refuseIllegal(OperationContext context, VmEntry vm, VmEvent event, String done) {
        if (context.steps().peek(vm, event) instanceof Transition.Illegal) {
            VmState state = vm.state();
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE,
                    "VM " + vm.name() + " is " + state + " and cannot be " + done,
                    "wait until it has settled: kelpie get vms " + vm.name().name() + " -w",
                    Map.of("state", state.name()));
        }
    }
}
