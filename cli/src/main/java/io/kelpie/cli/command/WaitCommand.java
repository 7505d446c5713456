package io.kelpie.cli.command;

import io.kelpie.cli.Interrupts;
import io.kelpie.cli.wait.Condition;
import io.kelpie.cli.wait.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "wait",
        description = {
            "Waits until VMs, or all VMs of jobs, are as wanted.",
            "Exit codes: 1 a VM has failed, 6 a VM cannot be placed, 7 not in time."
        })
final class WaitCommand extends Subcommand {
    @Parameters(hideParamSyntax = true, arity = "1..*", paramLabel = "KIND/NAME…", description = "job/NAME or vm/NAME.")
    private List<String> words = new ArrayList<>();

    @Option(
            names = "--for",
            required = true,
            paramLabel = "CONDITION",
            description = "running, stopped, deleted or failed.")
    private Condition condition = Condition.RUNNING;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = DurationConverter.class,
            description = "How long to wait. Default: ${DEFAULT-VALUE}.")
    private Duration timeout = Duration.ofMinutes(5);

    WaitCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        List<Named> named = Named.parse(words, EnumSet.of(Kind.JOB, Kind.VM));
        long until = surroundings().clock().nanoTime() + timeout.toNanos();
        Waiter waiter = connection.waiter();
        String goesOn = "stopped waiting; what was asked for goes on: kelpie get vms" + connection.inNamespace();
        try (Interrupts.Registration registration = farewell(goesOn)) {
            each(named, object -> {
                if (object.kind() == Kind.JOB) {
                    waiter.awaitJob(connection.namespace(), object.name(), condition, until);
                } else {
                    waiter.awaitVm(connection.namespace(), object.name(), condition, until);
                }
                terminal().line(object + " is " + condition.word());
            });
        }
    }
}
