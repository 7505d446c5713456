package io.kelpie.cli.view;

import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.Balance;
import io.kelpie.proto.v1.LeftOut;
import io.kelpie.proto.v1.Move;
import io.kelpie.proto.v1.RebalanceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The moves of a rebalance. */
public final class RebalanceView {
    private RebalanceView() {}

    /** The moves with their gains, what they bring in all, and what was left alone. */
    public static List<String> lines(RebalanceResponse answer, boolean dryRun) {
        List<String> lines = new ArrayList<>();
        lines.add(summary(answer, dryRun));
        if (answer.getMovesCount() > 0) {
            lines.add("");
            lines.addAll(new Table<>(moves(), true, true, false).lines(answer.getMovesList()));
        }
        lines.add("");
        lines.addAll(new Table<>(figures(answer), true, true, false).lines(List.of(Figure.values())));
        if (answer.getEmptiedHostsCount() > 0) {
            lines.add("");
            lines.add("emptied: " + String.join(", ", answer.getEmptiedHostsList()));
        }
        if (answer.getLeftOutCount() > 0) {
            lines.add("");
            lines.add("left alone:");
            lines.addAll(new Table<>(leftOut(), true, true, false).lines(answer.getLeftOutList()));
        }
        return lines;
    }

    private static String summary(RebalanceResponse answer, boolean dryRun) {
        int moves = answer.getMovesCount();
        if (moves == 0) {
            return "no move is worth it";
        }
        int waves = answer.getMoves(moves - 1).getWave();
        return Phrases.vms(moves) + (dryRun ? " would move" : moves == 1 ? " moves" : " move") + ", in " + waves
                + (waves == 1 ? " wave" : " waves")
                + (answer.getComplete() ? "" : "; there may be more to gain with further moves");
    }

    private static List<Column<Move>> moves() {
        return List.of(
                Column.number("WAVE", move -> (long) move.getWave()),
                Column.of("VM", move -> move.getNamespace() + "/" + move.getName()),
                Column.of("FROM", Move::getFromHost),
                Column.of("TO", Move::getToHost),
                Column.of("GAIN", move -> percent(move.getGainBasisPoints())),
                Column.of("BY", move -> Phrases.orDash(move.getGain())));
    }

    private enum Figure {
        HOSTS("hosts"),
        CARRYING("with VMs"),
        LEAST("least load"),
        MOST("highest load"),
        DEVIATION("deviation");

        private final String label;

        Figure(String label) {
            this.label = label;
        }

        String of(Balance balance) {
            return switch (this) {
                case HOSTS -> Integer.toString(balance.getHosts());
                case CARRYING -> Integer.toString(balance.getCarrying());
                case LEAST -> percent(balance.getLeastBasisPoints());
                case MOST -> percent(balance.getMostBasisPoints());
                case DEVIATION -> percent(balance.getDeviationBasisPoints());
            };
        }
    }

    private static List<Column<Figure>> figures(RebalanceResponse answer) {
        return List.of(
                Column.of("", figure -> figure.label),
                Column.of("BEFORE", figure -> figure.of(answer.getBefore())),
                Column.of("AFTER", figure -> figure.of(answer.getAfter())));
    }

    private static List<Column<LeftOut>> leftOut() {
        return List.of(
                Column.of("HOST", LeftOut::getHost),
                Column.of("VM", left -> left.getName().isEmpty() ? "-" : left.getNamespace() + "/" + left.getName()),
                Column.of("REASON", LeftOut::getReason));
    }

    /** Hundredths of a percent with one digit after the point. */
    private static String percent(int basisPoints) {
        return String.format(Locale.ROOT, "%.1f %%", basisPoints / 100.0);
    }
}
