package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.view.RebalanceView;
import io.kelpie.proto.v1.RebalanceGoal;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.StopRebalanceResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "rebalance",
        description = {
            "Moves VMs so that hosts are evenly loaded, or so that hosts become empty; or shows what would be moved.",
            "Each VM is stopped and started on another host, no more of a job at once than its maxUnavailable.",
            "If the leader changes meanwhile, the rest stays where it is."
        })
final class RebalanceCommand extends Subcommand {
    private static final int MAX_MOVES = 1_000;

    /** Moving VMs is never what happens if nothing is said. */
    static final class Mode {
        @Option(names = "--dry-run", required = true, description = "Show the moves, and change nothing.")
        private boolean dryRun;

        @Option(names = "--apply", required = true, description = "Carry the moves out.")
        private boolean apply;

        @Option(names = "--stop", required = true, description = "End the one that is under way; stop no more VMs.")
        private boolean stop;
    }

    @ArgGroup(multiplicity = "1")
    private Mode mode = new Mode();

    @Option(names = "--goal", paramLabel = "GOAL", description = "even or empty-hosts; not with --stop.")
    private @Nullable String goal;

    @Option(names = "--max-moves", paramLabel = "N", description = "At most so many moves, 1 to 1000. Default: 100.")
    private int maxMoves;

    @Option(
            names = "--at-once",
            paramLabel = "N",
            description = "At most so many VMs are on their way at once, 1 to 100. Default: 5.")
    private int atOnce;

    @Mixin
    private AnswerOptions answer = new AnswerOptions();

    @Mixin
    private MoveWaiting waiting = new MoveWaiting();

    RebalanceCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        if (mode.stop) {
            stop(connection);
            return;
        }
        RebalanceGoal wanted = goal();
        if (maxMoves < 0 || maxMoves > MAX_MOVES) {
            throw CliException.usage("--max-moves: " + maxMoves + " is out of range", "give 1 to " + MAX_MOVES);
        }
        MoveWaiting.requireAtOnce(atOnce);
        if (mode.dryRun) {
            waiting.refuse("--dry-run");
        }
        long since = waiting.latestEvent(connection);
        RebalanceResponse moves = connection.api().rebalance(wanted, maxMoves, atOnce, mode.dryRun);
        answer.print(moves, told -> RebalanceView.lines(told, mode.dryRun), terminal());
        if (mode.apply && moves.getMovesCount() > 0) {
            follow(connection, since);
        }
    }

    private void follow(Connection connection, long since) {
        if (waiting.isWanted()) {
            MoveWaiting.Awaited awaited = new MoveWaiting.Awaited("rebalance", "cluster", since);
            answer.more(waiting.await(connection, awaited, this), terminal());
        } else if (answer.isForPeople()) {
            terminal().note("follow it with: kelpie cluster status, kelpie get events");
        }
    }

    private void stop(Connection connection) {
        if (goal != null || maxMoves != 0 || atOnce != 0 || waiting.isWanted()) {
            throw CliException.usage("--stop: another option says what to move", "give --stop alone");
        }
        StopRebalanceResponse stopped = connection.api().stopRebalance();
        answer.print(
                stopped,
                told -> List.of(
                        told.hasMoves()
                                ? "rebalance ends: " + MoveWaiting.inWords(told.getMoves())
                                : "no rebalance is under way"),
                terminal());
    }

    private RebalanceGoal goal() {
        if (goal == null) {
            throw CliException.usage("--goal: is missing", "give --goal even or --goal empty-hosts");
        }
        return switch (goal) {
            case "even" -> RebalanceGoal.REBALANCE_GOAL_EVEN;
            case "empty-hosts" -> RebalanceGoal.REBALANCE_GOAL_EMPTY_HOSTS;
            default -> throw CliException.usage("--goal: '" + goal + "' is not known", "give even or empty-hosts");
        };
    }
}
