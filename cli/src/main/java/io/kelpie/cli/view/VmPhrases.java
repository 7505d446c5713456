package io.kelpie.cli.view;

import io.kelpie.proto.v1.Decision;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstancePhase;
import io.kelpie.proto.v1.Power;
import io.kelpie.proto.v1.RuleOutcome;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmRecord;
import io.kelpie.proto.v1.VmState;
import java.util.ArrayList;
import java.util.List;

/** A VM's state in words. */
public final class VmPhrases {
    private VmPhrases() {}

    /** The state, with what its host has observed where that says more, e.g. {@code RUNNING (paused)}. */
    public static String state(Vm vm) {
        String state = stateWord(vm);
        String detail = detail(vm);
        return detail.isEmpty() ? state : state + " (" + detail + ")";
    }

    /** The state alone, e.g. {@code RUNNING}. */
    public static String stateWord(Vm vm) {
        return Phrases.upper(vm.getRecord().getState(), "VM_STATE_");
    }

    /** What the host has observed where that says more than the state; empty if it does not. */
    private static String detail(Vm vm) {
        if (!vm.hasObserved()) {
            return "";
        }
        return switch (vm.getRecord().getState()) {
            case VM_STATE_RUNNING, VM_STATE_MIGRATING ->
                vm.getObserved().getPower() == Power.POWER_PAUSED ? "paused" : "";
            case VM_STATE_PLACED, VM_STATE_STARTING -> {
                if (vm.getObserved().getPhase() != InstancePhase.INSTANCE_PHASE_PREPARING) {
                    yield "";
                }
                String progress = vm.getObserved().getProgress();
                yield progress.isEmpty() ? "preparing" : "preparing: " + progress;
            }
            case VM_STATE_PENDING,
                    VM_STATE_STOPPING,
                    VM_STATE_EVICTING,
                    VM_STATE_DELETING,
                    VM_STATE_STOPPED,
                    VM_STATE_FAILED,
                    VM_STATE_DELETED,
                    VM_STATE_UNSPECIFIED,
                    UNRECOGNIZED -> "";
        };
    }

    /** What else an operator should see at a glance. */
    public static String note(Vm vm, long nowMillis) {
        List<String> notes = new ArrayList<>();
        String detail = detail(vm);
        if (!detail.isEmpty()) {
            notes.add(detail);
        }
        VmRecord record = vm.getRecord();
        if (vm.getOutdated()) {
            notes.add("OUTDATED");
        }
        if (vm.getHostUnreachable()) {
            notes.add("host unreachable");
        }
        if (record.getState() == VmState.VM_STATE_PENDING) {
            if (record.getNotBeforeMillis() > nowMillis) {
                notes.add("next attempt in " + ((record.getNotBeforeMillis() - nowMillis + 999) / 1000) + "s");
            } else if (vm.hasPendingDecision()) {
                String rejection = rejection(vm.getPendingDecision());
                if (!rejection.isEmpty()) {
                    notes.add(rejection);
                }
            }
        }
        boolean tellsExit = record.getState() == VmState.VM_STATE_PENDING
                || record.getState() == VmState.VM_STATE_STOPPED
                || record.getState() == VmState.VM_STATE_FAILED;
        if (tellsExit && record.hasLastExit()) {
            notes.add("last: " + Phrases.exit(record.getLastExit()));
        }
        return String.join("; ", notes);
    }

    /** How an instance ended, on one line. */
    public static String exit(InstanceExit exit) {
        return Phrases.exit(exit);
    }

    /** Why no host takes a VM, in short; empty if the decision says nothing. */
    public static String rejection(Decision decision) {
        if (decision.getRulesCount() == 0) {
            return decision.getHostsConsidered() == 0 && decision.getHostId().isEmpty() ? "no host has joined" : "";
        }
        RuleOutcome first = decision.getRules(0);
        String shortfall = first.getShortfall().isEmpty() ? "" : ", short of " + first.getShortfall();
        String more = decision.getRulesCount() > 1 ? ", …" : "";
        return "no host: " + first.getRule() + shortfall + more;
    }
}
