package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.view.DrainView;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.PreviewDrainResponse;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "drain",
        description = {
            "Cordons a host and moves its VMs away, no more of a job at once than its maxUnavailable.",
            "Each VM is stopped and started on another host. What cannot be moved stays where it is.",
            "kelpie uncordon HOST ends it. Exit code 6: a VM stays."
        })
final class DrainCommand extends Subcommand {
    @Parameters(paramLabel = "HOST", description = "Name or id of the host.")
    private String host = "";

    @Option(names = "--dry-run", description = "Show where each VM would go, and change nothing.")
    private boolean dryRun;

    @Option(
            names = "--at-once",
            paramLabel = "N",
            description = "At most so many VMs are on their way at once, 1 to 100. Default: 5.")
    private int atOnce;

    @Mixin
    private AnswerOptions answer = new AnswerOptions();

    @Mixin
    private MoveWaiting waiting = new MoveWaiting();

    DrainCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        MoveWaiting.requireAtOnce(atOnce);
        String name = host.startsWith("host/") ? host.substring("host/".length()) : host;
        if (dryRun) {
            waiting.refuse("--dry-run");
            PreviewDrainResponse preview = connection.api().previewDrain(name, atOnce);
            answer.print(preview, DrainView::preview, terminal());
            requireAllGo(preview.getHost().getRecord().getName(), preview.getVmsList());
            return;
        }
        long since = waiting.latestEvent(connection);
        DrainHostResponse begun = connection.api().drain(name, atOnce);
        String drained = begun.getHost().getRecord().getName();
        answer.print(begun, DrainView::begun, terminal());
        if (waiting.isWanted()) {
            MoveWaiting.Awaited awaited = new MoveWaiting.Awaited("drain host/" + drained, "host/" + drained, since);
            answer.more(waiting.await(connection, awaited, this), terminal());
        } else if (answer.isForPeople()) {
            terminal().note("follow it with: kelpie cluster status, kelpie describe host " + drained);
        }
        requireAllGo(drained, begun.getVmsList());
    }

    private static void requireAllGo(String host, List<DrainedVm> vms) {
        long staying = vms.stream().filter(vm -> vm.getWave() == 0).count();
        if (staying > 0) {
            throw new CliException(
                    ExitCode.CANNOT_BE_PLACED,
                    staying + (staying == 1 ? " VM stays" : " VMs stay") + " on host '" + host + "'",
                    "see why above; stop them, or make room, and drain again");
        }
    }
}
