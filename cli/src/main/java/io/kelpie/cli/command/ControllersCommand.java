package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.connect.ControllerAddress;
import io.kelpie.cli.connect.Controllers;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.RemoveControllerResponse;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "controllers",
        description = {
            "Lists the controllers that may lead, adds one, or removes one.",
            "Every host asks all of them before it goes on without a leader, so each one counts."
        },
        synopsisSubcommandLabel = "[ls|add|remove]")
final class ControllersCommand extends Subcommand {
    ControllersCommand(KelpieCommand root) {
        super(root);
    }

    /** With its subcommands; without one it lists. */
    static CommandLine withSubcommands(KelpieCommand root) {
        return new CommandLine(new ControllersCommand(root))
                .addSubcommand("ls", new Ls(root))
                .addSubcommand("add", new Add(root))
                .addSubcommand("remove", new Remove(root));
    }

    @Override
    void run(Connection connection) {
        list(connection, this);
    }

    private static void list(Connection connection, Subcommand command) {
        ControllerCensus census = ControllerCensus.take(connection);
        List<ControllerMember> members = census.set().getMembersList();
        if (members.isEmpty()) {
            throw new CliException(
                    ExitCode.CONTROLLER_UNREACHABLE,
                    "no controller that answers has read the set of controllers",
                    "see: kelpie cluster status");
        }
        List<String> awaited = census.awaited();
        List<Column<ControllerMember>> columns = List.of(
                Column.of("CONTROLLER", ControllerMember::getControllerId),
                Column.of("ADDRESS", ControllerMember::getAddress),
                Column.of("ROLE", member -> role(member, census)),
                Column.of("NOTE", member -> note(member, census, awaited)));
        new Table<>(columns, false, true, command.terminal().colouredOut())
                .lines(members)
                .forEach(command.terminal()::line);
        command.terminal().note("version " + census.set().getVersion() + " of the set");
    }

    private static Optional<ControllerCensus.Row> row(ControllerMember member, ControllerCensus census) {
        return census.rows().stream()
                .filter(row -> row.address().toString().equals(member.getAddress()))
                .findFirst();
    }

    private static String role(ControllerMember member, ControllerCensus census) {
        return row(member, census).map(ControllerCensus.Row::role).orElse("-");
    }

    private static String note(ControllerMember member, ControllerCensus census, List<String> awaited) {
        Optional<ControllerCensus.Row> row = row(member, census);
        Optional<String> other = row.flatMap(ControllerCensus.Row::answer)
                .map(GetStatusResponse::getControllerId)
                .filter(id -> !id.equals(member.getControllerId()));
        if (other.isPresent()) {
            return "controller " + other.get() + " answers there";
        }
        if (awaited.contains(member.getControllerId())) {
            return "has not acknowledged the set yet";
        }
        if (!member.getMayLead()) {
            return "may lead when " + String.join(", ", awaited) + " acknowledged the set";
        }
        return row.map(ControllerCensus.Row::reason).orElse("");
    }

    @Command(name = "ls", description = "Lists the members of the set.")
    static final class Ls extends Subcommand {
        Ls(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            list(connection, this);
        }
    }

    @Command(
            name = "add",
            description = {
                "Adds a controller, or gives one another address. Start its process first.",
                "It may lead once all members before it have acknowledged it."
            })
    static final class Add extends Subcommand {
        @Parameters(index = "0", paramLabel = "ID", description = "The controllerId of its configuration.")
        private String id = "";

        @Parameters(index = "1", paramLabel = "ADDRESS", description = "Where hosts reach it, host:port.")
        private String address = "";

        Add(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            ControllerAddress parsed = ControllerAddress.parse(address)
                    .orElseThrow(() -> CliException.usage(
                            "'" + address + "' is not an address", "write host:port, e.g. 10.0.0.1:7400"));
            look(connection, parsed);
            AddControllerResponse response = connection.api().addController(id, parsed.toString());
            terminal()
                    .line("controller/" + id + (response.getChanged() ? " added" : " unchanged") + " (version "
                            + response.getControllerSet().getVersion() + " of the set)");
            if (!response.getAwaitedList().isEmpty()) {
                terminal()
                        .note("it may lead when " + String.join(", ", response.getAwaitedList())
                                + " acknowledged that; see: kelpie cluster controllers");
            }
        }

        /** Hosts cannot go on without a leader while a member does not answer: better said before than after. */
        private void look(Connection connection, ControllerAddress at) {
            Controllers.Answer<GetStatusResponse> answer = connection.api().status(at);
            if (answer instanceof Controllers.Answer.Given<GetStatusResponse> given) {
                String answering = given.value().getControllerId();
                if (!answering.equals(id)) {
                    throw CliException.usage(
                            "the controller at " + at + " calls itself '" + answering + "', not '" + id + "'",
                            "write: kelpie cluster controllers add " + answering + " " + at);
                }
            } else if (answer instanceof Controllers.Answer.None<GetStatusResponse> none) {
                terminal()
                        .note("warning: " + at + " does not answer (" + none.reason()
                                + "): until it does, no lease outlives the loss of ZooKeeper");
            }
        }
    }

    @Command(
            name = "remove",
            description = {
                "Removes a controller. It never leads again, unless it is added again.",
                "Stop its process first; --confirm-dead is your word that it does not run. The leader itself needs no"
                        + " such word: it resigns."
            })
    static final class Remove extends Subcommand {
        @Parameters(paramLabel = "ID", description = "Its id.")
        private String id = "";

        @Option(names = "--confirm-dead", description = "Your word that its process does not run.")
        private boolean confirmedDead;

        Remove(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            RemoveControllerResponse response = connection.api().removeController(id, confirmedDead);
            terminal()
                    .line("controller/" + id + " removed (version "
                            + response.getControllerSet().getVersion() + " of the set)");
        }
    }
}
