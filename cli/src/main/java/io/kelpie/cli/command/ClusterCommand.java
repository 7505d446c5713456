package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.connect.ControllerAddress;
import io.kelpie.cli.connect.Controllers;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.GetStatusResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "cluster", description = "Shows the controllers, who leads, and how the cluster is.")
final class ClusterCommand extends Subcommand {
    @Parameters(paramLabel = "status", description = "The only thing to ask for.")
    private String what = "";

    ClusterCommand(KelpieCommand root) {
        super(root);
    }

    /** @param status null: it did not answer, for {@code reason} */
    private record Row(ControllerAddress address, @Nullable GetStatusResponse status, String reason) {}

    @Override
    void run(Connection connection) {
        if (!what.equals("status")) {
            throw CliException.usage("cluster: '" + what + "' is not known", "write: kelpie cluster status");
        }
        List<Row> rows = ask(connection);
        List<Column<Row>> columns = List.of(
                Column.of("CONTROLLER", row -> row.status == null ? "-" : row.status.getControllerId()),
                Column.of("ADDRESS", row -> row.address.toString()),
                Column.of("ROLE", ClusterCommand::role),
                Column.of("EPOCH", row -> row.status == null ? "-" : Long.toString(row.status.getEpoch())),
                Column.of("STORE", ClusterCommand::store),
                Column.of("VERSION", row -> row.status == null ? "-" : row.status.getVersion()),
                Column.of("NOTE", Row::reason));
        new Table<>(columns, false, true, terminal().colouredOut()).lines(rows).forEach(terminal()::line);
        Optional<GetStatusResponse> leader = rows.stream()
                .map(Row::status)
                .filter(status -> status != null && status.getLeading())
                .findFirst();
        leader.ifPresent(this::summary);
        warnings(rows);
        if (leader.isEmpty()) {
            throw noLeader(rows);
        }
    }

    /** Asks each configured controller, and leaders that they name. */
    private static List<Row> ask(Connection connection) {
        Deque<ControllerAddress> next = new ArrayDeque<>(connection.addresses());
        Map<ControllerAddress, Row> rows = new LinkedHashMap<>();
        while (!next.isEmpty()) {
            ControllerAddress address = next.removeFirst();
            if (rows.containsKey(address)) {
                continue;
            }
            Controllers.Answer<GetStatusResponse> answer = connection.api().status(address);
            if (answer instanceof Controllers.Answer.Given<GetStatusResponse> given) {
                rows.put(address, new Row(address, given.value(), ""));
                boolean leaderIsThere = given.value().getLeading()
                        || rows.values().stream().anyMatch(row -> row.status != null && row.status.getLeading());
                if (!leaderIsThere) {
                    ControllerAddress.parse(given.value().getLeaderAddress()).ifPresent(next::addLast);
                }
            } else if (answer instanceof Controllers.Answer.None<GetStatusResponse> none) {
                rows.put(address, new Row(address, null, none.reason()));
            }
        }
        return new ArrayList<>(rows.values());
    }

    private static String role(Row row) {
        if (row.status == null) {
            return "-";
        }
        return row.status.getLeading() ? "leader" : "standby";
    }

    private static String store(Row row) {
        if (row.status == null) {
            return "-";
        }
        return row.status.getStoreKind() + (row.status.getStoreConnected() ? ", connected" : ", NOT CONNECTED");
    }

    private void summary(GetStatusResponse leader) {
        terminal().line("");
        terminal().line("cluster: " + leader.getClusterUuid());
        terminal().line("hosts:   " + leader.getHosts() + " (" + leader.getHostsReady() + " ready)");
        terminal().line("jobs:    " + leader.getJobs());
        terminal().line("vms:     " + leader.getVms() + " (" + leader.getVmsRunning() + " running)");
    }

    private void warnings(List<Row> rows) {
        for (Row row : rows) {
            if (row.status != null) {
                row.status
                        .getWarningsList()
                        .forEach(warning ->
                                terminal().note("warning: " + row.status.getControllerId() + ": " + warning));
            }
        }
    }

    private static CliException noLeader(List<Row> rows) {
        boolean anyAnswer = rows.stream().anyMatch(row -> row.status != null);
        return anyAnswer
                ? new CliException(
                        ExitCode.FAILED,
                        "no controller leads now",
                        "an election takes some seconds: ask again; if it stays so, look at the store (ZooKeeper)")
                : new CliException(
                        ExitCode.CONTROLLER_UNREACHABLE,
                        "no controller answers",
                        "start one, or name other addresses with --controllers host:port,…");
    }
}
