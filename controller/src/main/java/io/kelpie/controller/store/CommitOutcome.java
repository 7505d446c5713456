package io.kelpie.controller.store;

/** What became of a batch. */
public enum CommitOutcome {
    /** Applied, durably. */
    COMMITTED,
    /**
     * Not applied: a record did not have the expected version. A defect, as only the leader writes: the term takes no
     * further batch, and its controller has to resign and read anew.
     */
    CONFLICT,
    /** Not applied: the term has ended, or an earlier batch of it was refused. */
    TERM_ENDED,
    /**
     * The answer was lost: applied or not. The term can go on only after {@link ClusterStore#settle}; until then every
     * further batch gets this outcome too, without being sent.
     */
    OUTCOME_UNKNOWN
}
