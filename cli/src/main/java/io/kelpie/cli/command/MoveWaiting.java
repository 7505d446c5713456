package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.MoveProgress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Waits until moves of VMs have ended. */
final class MoveWaiting {
    private static final Duration POLL = Duration.ofSeconds(1);
    private static final int MAX_AT_ONCE = 100;

    @Option(names = "--wait", description = "Wait until all moves have ended.")
    private boolean wait;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "30m",
            converter = DurationConverter.class,
            description = "How long to wait. Default: ${DEFAULT-VALUE}.")
    private Duration timeout = Duration.ofMinutes(30);

    /**
     * What is waited for.
     *
     * @param what as the cluster's status names it
     * @param subject of the event that ends it
     * @param since the latest event before it began
     */
    record Awaited(String what, String subject, long since) {}

    static void requireAtOnce(int atOnce) {
        if (atOnce < 0 || atOnce > MAX_AT_ONCE) {
            throw CliException.usage("--at-once: " + atOnce + " is out of range", "give 1 to " + MAX_AT_ONCE);
        }
    }

    boolean isWanted() {
        return wait;
    }

    /** Nothing is moved, so nothing can be waited for. */
    void refuse(String with) {
        if (wait) {
            throw CliException.usage("--wait: nothing is moved with " + with, "leave out one of them");
        }
    }

    /** Number of the latest event, if it will be waited for. */
    long latestEvent(Connection connection) {
        if (!wait) {
            return 0;
        }
        return connection.api().events("", 0).getEventsList().stream()
                .mapToLong(Event::getSequence)
                .max()
                .orElse(0);
    }

    /** Returns when they have ended, with what became of them. */
    String await(Connection connection, Awaited awaited, Subcommand command) {
        long until = command.surroundings().clock().nanoTime() + timeout.toNanos();
        String said = "";
        try (Interrupts.Registration registration =
                command.farewell("stopped watching; the moves go on: kelpie cluster status")) {
            while (true) {
                Optional<GetStatusResponse> leader =
                        ControllerCensus.take(connection).leader();
                Optional<MoveProgress> progress = leader.flatMap(status -> status.getMovesList().stream()
                        .filter(moves -> moves.getWhat().equals(awaited.what()))
                        .findFirst());
                if (leader.isPresent() && progress.isEmpty()) {
                    return summary(connection, awaited);
                }
                String now = progress.map(MoveWaiting::inWords).orElse("no controller leads; still trying");
                if (!now.equals(said)) {
                    said = now;
                    command.terminal().note(now);
                }
                if (command.surroundings().clock().nanoTime() - until >= 0) {
                    throw new CliException(
                            ExitCode.WAIT_TIMED_OUT,
                            awaited.what() + " has not ended in time: " + now,
                            "it goes on: kelpie cluster status shows how far it is");
                }
                command.surroundings().pauses().pause(POLL);
            }
        }
    }

    /** How far moves are. */
    static String inWords(MoveProgress moves) {
        return moves.getDone() + " of " + moves.getTotal() + " moved, " + moves.getUnderWay() + " on their way, "
                + moves.getLeft() + " left";
    }

    private static String summary(Connection connection, Awaited awaited) {
        List<Event> events =
                connection.api().events(awaited.subject(), awaited.since()).getEventsList();
        return events.stream()
                .filter(event ->
                        event.getType().equals("DrainEnded") || event.getType().equals("RebalanceEnded"))
                .reduce((earlier, later) -> later)
                .map(event -> awaited.what() + ": " + event.getMessage())
                .orElseThrow(() -> new CliException(
                        ExitCode.FAILED,
                        awaited.what() + " was not ended by the leader that began it: another one leads now, which"
                                + " does not go on with it",
                        "look at what is left with: kelpie get vms -o wide; then give the command again"));
    }
}
