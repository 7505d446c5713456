package io.kelpie.cli.command;

import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.view.HostDescription;
import io.kelpie.cli.view.JobDescription;
import io.kelpie.cli.view.VmDescription;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.ListVmsRequest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "describe", description = "Shows all about a job, a VM or a host.")
final class DescribeCommand extends Subcommand {
    @Parameters(
            hideParamSyntax = true,
            arity = "1..*",
            paramLabel = "KIND NAME…",
            description = "job, vm or host, and names; or vm/NAME.")
    private List<String> words = new ArrayList<>();

    private boolean blankLineDue;

    DescribeCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        each(Named.parse(words, EnumSet.of(Kind.JOB, Kind.VM, Kind.HOST)), named -> {
            List<String> lines = description(connection, named);
            if (blankLineDue) {
                terminal().line("");
            }
            blankLineDue = true;
            lines.forEach(terminal()::line);
        });
    }

    private List<String> description(Connection connection, Named named) {
        ClusterApi api = connection.api();
        TimeSource clock = surroundings().clock();
        return switch (named.kind()) {
            case JOB -> {
                Job job = api.job(connection.namespace(), named.name());
                ListVmsRequest itsVms = ListVmsRequest.newBuilder()
                        .setNamespace(connection.namespace())
                        .setJob(named.name())
                        .build();
                String subject = "job/" + connection.namespace() + "/" + named.name();
                yield JobDescription.of(
                        job, api.vms(itsVms), api.events(subject, 0).getEventsList(), clock);
            }
            case VM -> VmDescription.of(api.vm(connection.namespace(), named.name()), clock);
            case HOST -> HostDescription.of(api.host(named.name()), clock);
            case EVENT, ORPHAN -> throw new AssertionError("not among the allowed kinds");
        };
    }
}
