package io.kelpie.controller.view;

import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.Orphan;
import io.kelpie.proto.v1.Reservation;
import java.util.List;

/**
 * A host as the leader knows it.
 *
 * @param record the committed record
 * @param capabilities as last reported
 * @param health whether the leader hears it
 * @param healthSinceMillis since when, in milliseconds since 1970
 * @param healthReason why, in one sentence
 * @param nextStep what happens next with a host that is not READY; empty if READY
 * @param nextStepAtMillis when at the earliest, in milliseconds since 1970; 0: it waits for someone
 * @param reserved what its instances hold
 * @param instances instances placed there
 * @param leasedInstances leased ones among them
 * @param leased whether it holds a lease that this leader has granted
 * @param agentVersion version of its agent; empty if not connected in this term
 * @param orphans instances that no record explains
 */
public record HostInfo(
        HostRecord record,
        HostCapabilities capabilities,
        HostHealth health,
        long healthSinceMillis,
        String healthReason,
        String nextStep,
        long nextStepAtMillis,
        Reservation reserved,
        int instances,
        int leasedInstances,
        boolean leased,
        String agentVersion,
        List<Orphan> orphans) {
    public HostInfo {
        orphans = List.copyOf(orphans);
    }
}
