package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.YamlText;
import io.kelpie.cli.spec.JobDocument;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.GetVmResponse;
import io.kelpie.proto.v1.InstanceExit;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmRecord;
import java.util.List;

/** All about a VM. */
public final class VmDescription {
    private VmDescription() {}

    public static List<String> of(GetVmResponse response, TimeSource clock) {
        Vm vm = response.getVm();
        VmRecord record = vm.getRecord();
        long now = clock.wallMillis();
        Sections text = new Sections()
                .pair("name", vm.getName())
                .pair("namespace", record.getNamespace())
                .pair("job", record.getJob() + " (ordinal " + record.getOrdinal() + ")")
                .pair("uuid", record.getVmId())
                .pair("state", VmPhrases.state(vm) + ", since " + Ages.between(record.getStateSinceMillis(), now))
                .pairIfAny("note", VmPhrases.note(vm, now))
                .pair("host", Phrases.orDash(vm.getHostName()) + (vm.getHostUnreachable() ? " (unreachable)" : ""))
                .pairIfAny("leased", leased(vm))
                .pair("incarnation", record.getIncarnation())
                .pair(
                        "spec version",
                        record.getSpecVersion()
                                + (vm.getOutdated() ? " (OUTDATED: a restart takes the present one)" : ""));
        if (record.hasReservation()) {
            text.pair("holds", DecisionView.asks(record.getReservation()));
        }
        if (!record.getStorageHostId().isEmpty()) {
            text.pair(
                    "files",
                    "on host "
                            + (record.getStorageHostId().equals(record.getHostId())
                                    ? Phrases.orDash(vm.getHostName())
                                    : record.getStorageHostId())
                            + (record.getKeptDisks() ? ", with kept disks: it belongs there" : ""));
        }
        if (record.getFailedAtMillisCount() > 0) {
            text.pair("failures", record.getFailedAtMillisCount() + " within the restart policy's window");
        }
        text.section("spec", section -> section.foreign(YamlText.of(JobDocument.vm(vm.getTemplate()))));
        text.section("placement", section -> placement(section, vm, now));
        text.section("instance", section -> instance(section, vm));
        text.section("last exit", section -> lastExit(section, record, now));
        text.section("events", section -> section.text(EventLines.of(response.getEventsList(), now)));
        return text.lines();
    }

    /** What becomes of the present instance when its host is lost; empty if there is none. */
    private static String leased(Vm vm) {
        VmRecord record = vm.getRecord();
        if (record.getHostId().isEmpty()) {
            return "";
        }
        if (record.getLeased()) {
            return "yes: if its host is lost it ends with the host's lease and is started elsewhere";
        }
        return "no: "
                + (record.getNotLeasedReason().isEmpty()
                        ? "its job leaves VMs where they are (onHostFailure: leave)"
                        : record.getNotLeasedReason())
                + "; if its host is lost it stays there until an operator says what became of the host";
    }

    private static void placement(Sections section, Vm vm, long now) {
        if (vm.hasPendingDecision()) {
            section.pair("decision", DecisionView.decision(vm.getPendingDecision(), now));
            if (vm.getPendingDecision().getRulesCount() > 0) {
                section.text(DecisionView.rejections(vm.getPendingDecision()));
            }
        } else if (vm.getRecord().hasDecision()) {
            section.pair("decision", DecisionView.decision(vm.getRecord().getDecision(), now));
        }
    }

    private static void instance(Sections section, Vm vm) {
        if (!vm.hasObserved()) {
            return;
        }
        InstanceReport observed = vm.getObserved();
        section.pair("phase", Phrases.lower(observed.getPhase(), "INSTANCE_PHASE_"));
        if (observed.getPowerValue() != 0) {
            section.pair("power", Phrases.lower(observed.getPower(), "POWER_"));
        }
        if (observed.getPid() != 0) {
            section.pair("pid", observed.getPid());
        }
        if (observed.getDriverValue() != 0) {
            section.pair("driver", Phrases.lower(observed.getDriver(), "DRIVER_CHOICE_"));
        }
        section.pairIfAny("accelerator", observed.getAccelerator());
        section.pairIfAny("progress", observed.getProgress());
        section.pairIfAny("field at fault", observed.getField());
        if (observed.hasExit()) {
            section.pair("exit", Phrases.exit(observed.getExit()));
        }
    }

    private static void lastExit(Sections section, VmRecord record, long now) {
        if (!record.hasLastExit()) {
            return;
        }
        InstanceExit exit = record.getLastExit();
        section.pair("how", Phrases.exit(exit));
        section.pair("incarnation", exit.getIncarnation());
        section.pair(
                "when", Ages.timestamp(exit.getAtMillis()) + " (" + Ages.between(exit.getAtMillis(), now) + " ago)");
        section.pairIfAny("host", exit.getHostId());
        if (!exit.getStderrTail().isEmpty()) {
            section.section("stderr", stderr -> stderr.foreign(exit.getStderrTail()));
        }
    }
}
