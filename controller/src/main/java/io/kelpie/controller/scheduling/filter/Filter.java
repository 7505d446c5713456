package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** One rule that a host must satisfy. Stateless. */
public interface Filter {
    /** What the verdict depends on, beside the request. */
    enum Scope {
        /** The host's traits and what the request's demand says alone: one verdict for all hosts of a trait class. */
        TRAITS,
        /** Anything about the host, or about the single request. */
        HOST,
        /** What is kept for the loss of a host: asked last, for it costs more than all the others. */
        RESERVE
    }

    /** The distance of a host that is rejected by a rule that knows only yes and no. */
    long REJECTED = 1;

    /** The rule's name, as {@code explain} shows it. */
    String rule();

    /** See {@link Scope}. */
    default Scope scope() {
        return Scope.HOST;
    }

    /**
     * False if the rule can reject no host for this request: then it need not be asked. Depends on what all VMs of its job
     * have in common, and beside that only on what the search compares before it goes on with the rules of the last VM.
     */
    boolean concerns(Ask ask);

    /**
     * 0 if the host passes; else how far it is from passing, the smaller the nearer. Runs for every pair of request and
     * host: it allocates nothing.
     */
    long distance(HostTable hosts, int host, Ask ask);

    /**
     * Whether the host is rejected whatever instances on it are ended: then preemption does not look there. False where
     * only a trial tells. The floors of spread rules are not decided.
     */
    default boolean bars(HostTable hosts, int host, Ask ask) {
        return distance(hosts, host, ask) > 0;
    }

    /** The rejection in words, of a host that does not pass. */
    Rejection rejection(HostTable hosts, int host, Ask ask);
}
