package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.output.Ages;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.GetStatusResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Freezes and thaws the cluster, and waits until every host has taken the lease that goes with it. */
abstract class FreezeCommand extends Subcommand {
    private static final Duration POLL = Duration.ofSeconds(1);

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "2m",
            converter = DurationConverter.class,
            description = "How long to wait for the hosts. Default: ${DEFAULT-VALUE}.")
    private Duration timeout = Duration.ofMinutes(2);

    private FreezeCommand(KelpieCommand root) {
        super(root);
    }

    /**
     * Waits until the leader says that it is as asked for, and that no host is awaited.
     *
     * @return hosts that were still awaited when the time was over; empty: all is done
     */
    final Optional<List<String>> await(
            Connection connection, List<String> atFirst, Predicate<GetStatusResponse> asAskedFor, String farewell) {
        long until = surroundings().clock().nanoTime() + timeout.toNanos();
        List<String> awaited = atFirst;
        String said = "";
        try (Interrupts.Registration registration = farewell(farewell)) {
            while (true) {
                Optional<GetStatusResponse> leader =
                        ControllerCensus.take(connection).leader();
                if (leader.filter(asAskedFor).isPresent()) {
                    awaited = leader.get().getFreezeAwaitedHostsList();
                    if (awaited.isEmpty()) {
                        return Optional.empty();
                    }
                }
                String waitsFor = leader.isEmpty()
                        ? "no controller leads; still trying"
                        : "waiting for " + String.join(", ", awaited);
                if (!waitsFor.equals(said)) {
                    said = waitsFor;
                    terminal().note(waitsFor);
                }
                if (surroundings().clock().nanoTime() - until >= 0) {
                    return Optional.of(awaited);
                }
                surroundings().pauses().pause(POLL);
            }
        }
    }

    @Command(
            name = "freeze",
            description = {
                "Lets all leases last until the thaw, for planned downtime of all controllers.",
                "Waits until every host has taken such a lease: only then may all controllers be stopped."
            })
    static final class Freeze extends FreezeCommand {
        @Option(
                names = "--for",
                required = true,
                paramLabel = "TIME",
                converter = DurationConverter.class,
                description = "The leader thaws by itself after this long; 1m to 24h.")
        private Duration length = Duration.ofMinutes(30);

        Freeze(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            FreezeClusterResponse response = connection.api().freeze(length);
            terminal().line("cluster frozen until " + Ages.timestamp(response.getUntilMillis()));
            Optional<List<String>> left = await(
                    connection,
                    response.getHostsAwaitedList(),
                    status -> status.getFrozenUntilMillis() >= response.getUntilMillis(),
                    "stopped waiting; the cluster is frozen, but controllers must not be stopped before"
                            + " kelpie cluster status says so");
            if (left.isPresent()) {
                throw new CliException(
                        ExitCode.WAIT_TIMED_OUT,
                        "not every host has taken a lease without an end: " + String.join(", ", left.get())
                                + "; if all controllers were stopped now, leased VMs there would end",
                        "look at them (kelpie describe host NAME), repeat the command, or undo it: kelpie cluster thaw");
            }
            terminal().line("every host holds a lease without an end: controllers may be stopped");
        }
    }

    @Command(
            name = "thaw",
            description = {
                "Ends a freeze.",
                "Waits until every host has taken a lease that ends: before, a silent host is not failed over."
            })
    static final class Thaw extends FreezeCommand {
        Thaw(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            List<String> atFirst = connection.api().thaw().getHostsAwaitedList();
            terminal().line("cluster thawed");
            Optional<List<String>> left = await(
                    connection,
                    atFirst,
                    status -> status.getFrozenUntilMillis() == 0,
                    "stopped waiting; the thaw goes on: kelpie cluster status shows which hosts it waits for");
            if (left.isPresent()) {
                throw new CliException(
                        ExitCode.WAIT_TIMED_OUT,
                        "may still hold a lease without an end, and so are not failed over when they are silent: "
                                + String.join(", ", left.get()),
                        "bring them back (kelpie describe host NAME), or if one is dead: kelpie host confirm-dead NAME");
            }
            terminal().line("every host holds a lease that ends");
        }
    }
}
