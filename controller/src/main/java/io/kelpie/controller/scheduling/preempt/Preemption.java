package io.kelpie.controller.scheduling.preempt;

import java.util.List;
import java.util.UUID;

/**
 * How a VM finds a place: when the victims and the VMs that it waits for are gone from the host, and the claims that it
 * supersedes are given up, the host passes every rule for it. Each of the victims is needed for that.
 *
 * @param vmId the VM that wants a place
 * @param hostId where it would be
 * @param numaNodes the host's NUMA nodes that would carry it; empty if it is bound to none
 * @param victims to be ended, the least important first; empty if waiting is enough
 * @param superseded VMs of lower priority whose claim to a place on the host ends, the least important first
 * @param awaited VMs on the host that are on their way out already, in the order of their ids
 * @param hostsTried hosts that were looked at closely
 * @param steps how much work it was, see {@link PreemptionLimits}
 */
public record Preemption(
        UUID vmId,
        String hostId,
        List<Integer> numaNodes,
        List<Victim> victims,
        List<UUID> superseded,
        List<UUID> awaited,
        int hostsTried,
        int steps) {
    public Preemption {
        numaNodes = List.copyOf(numaNodes);
        victims = List.copyOf(victims);
        superseded = List.copyOf(superseded);
        awaited = List.copyOf(awaited);
    }
}
