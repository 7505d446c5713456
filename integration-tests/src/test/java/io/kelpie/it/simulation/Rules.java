package io.kelpie.it.simulation;

import io.kelpie.agent.fencing.LeaseRules;
import io.kelpie.controller.lease.LeaderRules;

/**
 * All rules that a run obeys.
 *
 * @param fence what the store checks of terms
 * @param close whether an instance without a record is closed before it is called gone
 */
record Rules(
        LeaderRules leader, LeaseRules host, GuardRules guard, SimEnsemble.Fence fence, SimDriver.CloseRule close) {
    static final Rules SAFE = new Rules(
            LeaderRules.SAFE, LeaseRules.SAFE, GuardRules.SAFE, SimEnsemble.Fence.CHECKED, SimDriver.CloseRule.CLOSES);

    Rules leader(LeaderRules mutated) {
        return new Rules(mutated, host, guard, fence, close);
    }

    Rules host(LeaseRules mutated) {
        return new Rules(leader, mutated, guard, fence, close);
    }

    Rules guard(GuardRules mutated) {
        return new Rules(leader, host, mutated, fence, close);
    }

    Rules fence(SimEnsemble.Fence mutated) {
        return new Rules(leader, host, guard, mutated, close);
    }

    Rules unclosed() {
        return new Rules(leader, host, guard, fence, SimDriver.CloseRule.TAKES_FOR_GONE);
    }
}
