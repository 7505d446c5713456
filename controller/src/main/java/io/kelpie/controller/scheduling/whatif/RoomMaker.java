package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Says which VMs would have to end so that one that found no place gets one. Changes nothing. */
public interface RoomMaker {
    /** Ends nobody. */
    RoomMaker NONE = (trial, request) -> Optional.empty();

    /** A host and its VMs that would end, at least one; empty if no VM may end for the request. */
    Optional<Room> makeRoom(Trial trial, PlacementRequest request);

    /**
     * @param hostId the host where there is room then
     * @param victims VMs on it
     */
    record Room(String hostId, List<UUID> victims) {
        public Room {
            victims = List.copyOf(victims);
        }
    }
}
