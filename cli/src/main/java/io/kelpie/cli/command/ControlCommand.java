package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.view.VmPhrases;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobResponse;
import io.kelpie.proto.v1.ControlVmResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stops, starts or restarts VMs, or all VMs of jobs. */
abstract class ControlCommand extends Subcommand {
    private final ControlAction action;
    private final String requested;

    @Parameters(
            hideParamSyntax = true,
            arity = "1..*",
            paramLabel = "KIND NAME…",
            description = "vm or job, and names; or job/NAME.")
    private List<String> words = new ArrayList<>();

    private ControlCommand(KelpieCommand root, ControlAction action, String requested) {
        super(root);
        this.action = action;
        this.requested = requested;
    }

    int maxUnavailable() {
        return 0;
    }

    @Override
    void run(Connection connection) {
        List<Named> named = Named.parse(words, EnumSet.of(Kind.VM, Kind.JOB));
        if (maxUnavailable() != 0 && named.stream().anyMatch(object -> object.kind() == Kind.VM)) {
            throw CliException.usage("--max-unavailable: a VM is named", "name jobs, e.g. job/web");
        }
        each(named, object -> control(connection, object));
    }

    private void control(Connection connection, Named object) {
        ClusterApi api = connection.api();
        if (object.kind() == Kind.JOB) {
            ControlJobResponse response =
                    api.controlJob(connection.namespace(), object.name(), action, maxUnavailable());
            int affected = response.getAffected();
            terminal()
                    .line(object + " "
                            + (affected == 0
                                    ? "unchanged"
                                    : requested + " (" + affected + (affected == 1 ? " VM)" : " VMs)")));
        } else {
            ControlVmResponse response = api.controlVm(connection.namespace(), object.name(), action);
            terminal()
                    .line(object + " " + (response.getChanged() ? requested : "unchanged") + " ("
                            + VmPhrases.stateWord(response.getVm()) + ")");
        }
    }

    @Command(name = "stop", description = "Stops VMs, or all VMs of jobs. Their disks stay.")
    static final class Stop extends ControlCommand {
        Stop(KelpieCommand root) {
            super(root, ControlAction.CONTROL_ACTION_STOP, "stop requested");
        }
    }

    @Command(name = "start", description = "Starts VMs that are stopped or have failed, or all such VMs of jobs.")
    static final class Start extends ControlCommand {
        Start(KelpieCommand root) {
            super(root, ControlAction.CONTROL_ACTION_START, "start requested");
        }
    }

    @Command(name = "restart", description = "Stops VMs and starts them with the present spec; a job's by turns.")
    static final class Restart extends ControlCommand {
        @Option(
                names = "--max-unavailable",
                paramLabel = "N",
                description = "How many VMs of a job may not run at once. Default: 1.")
        private int maxUnavailable;

        Restart(KelpieCommand root) {
            super(root, ControlAction.CONTROL_ACTION_RESTART, "restart requested");
        }

        @Override
        int maxUnavailable() {
            if (maxUnavailable < 0) {
                throw CliException.usage("--max-unavailable: " + maxUnavailable + " is out of range", "give 1 or more");
            }
            return maxUnavailable;
        }
    }
}
