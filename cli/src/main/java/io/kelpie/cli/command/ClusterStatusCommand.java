package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.MoveProgress;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

@Command(name = "status", description = "Shows the controllers, who leads, and how the cluster is.")
final class ClusterStatusCommand extends Subcommand {
    ClusterStatusCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        ControllerCensus census = ControllerCensus.take(connection);
        List<Column<ControllerCensus.Row>> columns = List.of(
                Column.of("CONTROLLER", row -> of(row, GetStatusResponse::getControllerId)),
                Column.of("ADDRESS", row -> row.address().toString()),
                Column.of("ROLE", ControllerCensus.Row::role),
                Column.of("EPOCH", row -> of(row, status -> Long.toString(status.getEpoch()))),
                Column.of("STORE", row -> of(row, ClusterStatusCommand::store)),
                Column.of("VERSION", row -> of(row, GetStatusResponse::getVersion)),
                Column.of("NOTE", ControllerCensus.Row::reason));
        new Table<>(columns, false, true, terminal().colouredOut())
                .lines(census.rows())
                .forEach(terminal()::line);
        Optional<GetStatusResponse> leader = census.leader();
        leader.ifPresent(status -> summary(status, census));
        for (GetStatusResponse status : census.answers()) {
            warnings(status);
        }
        if (leader.isEmpty()) {
            throw noLeader(census);
        }
    }

    private interface Text {
        String of(GetStatusResponse status);
    }

    private static String of(ControllerCensus.Row row, Text text) {
        return row.answer().map(text::of).orElse("-");
    }

    private static String store(GetStatusResponse status) {
        return status.getStoreKind() + (status.getStoreConnected() ? ", connected" : ", NOT CONNECTED");
    }

    private void summary(GetStatusResponse leader, ControllerCensus census) {
        terminal().line("");
        terminal().line("cluster: " + leader.getClusterUuid());
        ControllerSet set = census.set();
        if (set.getVersion() > 0) {
            terminal()
                    .line("set:     "
                            + set.getMembersList().stream()
                                    .map(ControllerMember::getControllerId)
                                    .collect(Collectors.joining(", "))
                            + " (version " + set.getVersion()
                            + (census.awaited().isEmpty()
                                    ? ""
                                    : ", waits for " + String.join(", ", census.awaited()) + " to acknowledge it")
                            + ")");
        }
        terminal()
                .line("hosts:   " + leader.getHosts() + " (" + leader.getHostsReady() + " ready"
                        + (leader.getHostsFenced() == 0 ? "" : ", " + leader.getHostsFenced() + " fenced") + ")");
        terminal().line("jobs:    " + leader.getJobs());
        terminal()
                .line("vms:     " + leader.getVms() + " (" + leader.getVmsRunning() + " running"
                        + (leader.getVmsUnprotected() == 0
                                ? ""
                                : ", " + leader.getVmsUnprotected() + " without room elsewhere if their host is lost")
                        + ")");
        for (MoveProgress moves : leader.getMovesList()) {
            terminal().line("moving:  " + moves.getWhat() + ": " + MoveWaiting.inWords(moves));
        }
        freeze(leader);
    }

    private void freeze(GetStatusResponse leader) {
        long until = leader.getFrozenUntilMillis();
        String awaited = String.join(", ", leader.getFreezeAwaitedHostsList());
        if (until > 0) {
            terminal()
                    .line("frozen:  until " + Ages.timestamp(until)
                            + (awaited.isEmpty()
                                    ? "; no host is awaited, controllers may be stopped"
                                    : "; controllers must not be stopped yet, as hosts are awaited: " + awaited));
        } else if (!awaited.isEmpty()) {
            terminal().line("thawed:  but may still hold a lease without an end: " + awaited);
        }
    }

    private void warnings(GetStatusResponse status) {
        if (!status.getReadOnlyReason().isEmpty()) {
            terminal().note("warning: " + status.getControllerId() + ": read-only: " + status.getReadOnlyReason());
        }
        status.getWarningsList()
                .forEach(warning -> terminal().note("warning: " + status.getControllerId() + ": " + warning));
    }

    private static CliException noLeader(ControllerCensus census) {
        return census.answers().isEmpty()
                ? new CliException(
                        ExitCode.CONTROLLER_UNREACHABLE,
                        "no controller answers",
                        "start one, or name other addresses with --controllers host:port,…")
                : new CliException(
                        ExitCode.FAILED,
                        "no controller leads now",
                        "an election takes some seconds: ask again; if it stays so, look at the store (ZooKeeper)");
    }
}
