package io.kelpie.controller.view;

import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostHealth;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.Reservation;

/**
 * A host as the leader knows it.
 *
 * @param record the committed record
 * @param capabilities as last reported
 * @param health whether the leader hears it
 * @param healthSinceMillis since when, in milliseconds since 1970
 * @param healthReason why, in one sentence
 * @param reserved what its instances hold
 * @param instances instances placed there
 * @param agentVersion version of its agent; empty if not connected in this term
 */
public record HostInfo(
        HostRecord record,
        HostCapabilities capabilities,
        HostHealth health,
        long healthSinceMillis,
        String healthReason,
        Reservation reserved,
        int instances,
        String agentVersion) {}
