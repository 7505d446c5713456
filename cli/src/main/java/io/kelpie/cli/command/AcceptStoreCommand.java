package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.connect.ControllerAddress;
import io.kelpie.cli.connect.Controllers;
import io.kelpie.proto.v1.AcceptStoreResponse;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "accept-store",
        description = {
            "Says to controllers that are read-only: the store that you see is the one to go on with.",
            "Records that it does not have are given up: VMs that it does not know show as orphans, and none is killed."
                    + " A backup is put back with kelpie cluster restore instead."
        })
final class AcceptStoreCommand extends Subcommand {
    @Option(names = "--yes", description = "Do not ask.")
    private boolean yes;

    AcceptStoreCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        if (!yes) {
            Confirmation.byTyping(
                    "accept-store",
                    "whatever the present store does not hold is given up; see what each controller says of it with"
                            + " kelpie cluster status.",
                    terminal());
        }
        List<String> refusals = new ArrayList<>();
        boolean accepted = false;
        for (ControllerAddress address : connection.addresses()) {
            Controllers.Answer<AcceptStoreResponse> answer = connection.api().acceptStore(address);
            if (answer instanceof Controllers.Answer.Given<AcceptStoreResponse> given) {
                accepted = true;
                terminal()
                        .line(address + ": accepted the store of cluster "
                                + given.value().getClusterUuid() + ", terms go on above epoch "
                                + given.value().getEpoch());
            } else if (answer instanceof Controllers.Answer.None<AcceptStoreResponse> none) {
                refusals.add(address + ": " + none.reason());
            }
        }
        if (!accepted) {
            throw new CliException(
                    ExitCode.FAILED,
                    "no controller has accepted the store: " + String.join("; ", refusals),
                    "see what each says of it with: kelpie cluster status");
        }
        refusals.forEach(terminal()::note);
    }
}
