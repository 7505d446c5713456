package io.kelpie.controller.scheduling.rebalance;

import io.kelpie.controller.model.JobKey;
import java.util.List;
import java.util.UUID;

/**
 * A VM goes from one host to another. What it gains, in hundredths of a percent:
 *
 * <ul>
 *   <li>{@link Goal#EVEN}: by how much the load of the fuller of the two hosts falls
 *   <li>{@link Goal#EMPTY_HOSTS}: its share in emptying a host, all moves from one host together 100 %
 * </ul>
 *
 * <p>What it costs, in the same: a point that the new host scores worse than the old one for what the job prefers, for
 * images that have to be fetched and for what is kept back for others, counts as one percent.
 *
 * @param vmId the VM
 * @param job its job
 * @param ordinal its number within the job
 * @param from id of the host it leaves
 * @param to id of the host it goes to
 * @param numaNodes the new host's NUMA nodes that carry it; empty if it is bound to none
 * @param wave the wave in which it moves, from 1
 * @param gain see above, above 0
 * @param cost see above, from 0
 * @param words the gain in words
 */
public record Move(
        UUID vmId,
        JobKey job,
        int ordinal,
        String from,
        String to,
        List<Integer> numaNodes,
        int wave,
        int gain,
        int cost,
        String words) {
    public Move {
        numaNodes = List.copyOf(numaNodes);
    }
}
