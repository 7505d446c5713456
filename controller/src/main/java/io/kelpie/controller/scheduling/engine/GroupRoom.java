package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;

/**
 * Hosts whose room is held for groups: VMs that have to stay together on one host and of which more may come. Belongs to
 * one thread.
 */
final class GroupRoom {
    private int[] groups = new int[0]; // by host
    private int total;

    /** Whether a group holds any host. */
    boolean isAny() {
        return total > 0;
    }

    boolean isHeld(int host) {
        return host < groups.length && groups[host] > 0;
    }

    /**
     * @param amount 1: one more group holds it, -1: one less
     */
    void hold(int host, int amount) {
        if (host >= groups.length) {
            groups = Arrays.copyOf(groups, Math.max(16, host * 2));
        }
        groups[host] += amount;
        total += amount;
    }
}
