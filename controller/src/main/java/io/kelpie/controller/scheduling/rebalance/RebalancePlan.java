package io.kelpie.controller.scheduling.rebalance;

import java.util.List;

/**
 * Moves to be carried out in their order, a wave after the other.
 *
 * @param goal what they are for
 * @param moves in their order; the VMs of a wave move together
 * @param before how loaded the hosts are
 * @param after how loaded they are with all moves done
 * @param emptied ids of the hosts that carry no VM afterwards but do now, in the order in which they become empty
 * @param leftOut what was left alone
 * @param complete whether the search came to its end; false: a limit of {@link Limits} ended it, and there may be more
 */
public record RebalancePlan(
        Goal goal,
        List<Move> moves,
        Measure before,
        Measure after,
        List<String> emptied,
        List<LeftOut> leftOut,
        boolean complete) {
    public RebalancePlan {
        moves = List.copyOf(moves);
        emptied = List.copyOf(emptied);
        leftOut = List.copyOf(leftOut);
    }

    /** Waves in all. */
    public int waves() {
        return moves.isEmpty() ? 0 : moves.get(moves.size() - 1).wave();
    }
}
