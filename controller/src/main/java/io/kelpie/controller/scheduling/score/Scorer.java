package io.kelpie.controller.scheduling.score;

import io.kelpie.controller.scheduling.table.Ask;
import io.kelpie.controller.scheduling.table.HostTable;

/** Says how good a host is that passed every filter. Stateless. */
public interface Scorer {
    /** The best score: 100 points, counted in ten-thousandths so that large clusters have few ties. */
    long BEST = 1_000_000;

    /** From 0 to {@link #BEST}; allocates nothing. */
    long score(HostTable hosts, int host, Ask ask);
}
