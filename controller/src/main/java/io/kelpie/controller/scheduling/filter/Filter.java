package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.table.Ask;
import io.kelpie.controller.scheduling.table.HostTable;

/** One rule that a host must satisfy. Stateless. */
public interface Filter {
    /** The distance of a host that is rejected by a rule that knows only yes and no. */
    long REJECTED = 1;

    /** The rule's name, as {@code explain} shows it. */
    String rule();

    /**
     * 0 if the host passes; else how far it is from passing, the smaller the nearer. Runs for every pair of request and
     * host: it allocates nothing.
     */
    long distance(HostTable hosts, int host, Ask ask);

    /** The rejection in words, of a host that does not pass. */
    Rejection rejection(HostTable hosts, int host, Ask ask);
}
