package io.kelpie.controller.scheduling.rebalance;

/** What moves are for. */
public enum Goal {
    /** The hosts' loads come nearer to each other. */
    EVEN,
    /** As many hosts as possible carry no VM. */
    EMPTY_HOSTS
}
