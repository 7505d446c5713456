package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.Scheduler;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * What would become of a job's VMs if they were submitted now: each request is decided on in turn and sees what the
 * earlier ones took, as {@link Scheduler} does.
 *
 * @param rows a row per request, in their order
 */
public record PlanPreview(List<Row> rows) {
    /** Of the VMs that find a place, so many are told which rules removed which hosts: it costs a look at every host. */
    private static final int EXPLAINED_MAX = 50;

    public PlanPreview {
        rows = List.copyOf(rows);
    }

    /**
     * One VM that was asked for.
     *
     * @param decision the engine's; for a VM that needs others to end, the one after their end
     * @param preempted VMs that would end for it; empty if it finds a place without, or none at all
     */
    public record Row(Decision decision, List<UUID> preempted) {
        public Row {
            preempted = List.copyOf(preempted);
        }
    }

    /** VMs that would be placed. */
    public int placed() {
        return (int)
                rows.stream().filter(row -> row.decision().host().isPresent()).count();
    }

    /**
     * Previews the requests on a copy of the snapshot.
     *
     * @param roomMaker is asked about each request that finds no place; of VMs in a row that ask for the same, which it
     *     could help no further, about the first
     */
    public static PlanPreview of(
            ClusterSnapshot snapshot,
            List<PlacementRequest> requests,
            SchedulingPolicy policy,
            long seed,
            RoomMaker roomMaker) {
        Trial trial = Trial.of(snapshot, policy.withoutStartsInFlight(), seed);
        List<Row> rows = new ArrayList<>(requests.size());
        for (int i = 0; i < requests.size(); i++) {
            rows.add(
                    i > 0 && isRejectedLike(requests.get(i), requests.get(i - 1), rows.get(i - 1))
                            ? rejected(requests.get(i), rows.get(i - 1).decision())
                            : row(trial, requests.get(i), rows.size() < EXPLAINED_MAX, roomMaker));
        }
        return new PlanPreview(rows);
    }

    /** Whether nothing has changed since a request was rejected that asks for the same: a large job is answered soon. */
    private static boolean isRejectedLike(PlacementRequest request, PlacementRequest former, Row row) {
        return row.decision().host().isEmpty()
                && request.job().equals(former.job())
                && request.rules().partitions().isEmpty()
                && request.by(former.vmId(), former.job(), former.ordinal()).equals(former);
    }

    private static Row rejected(PlacementRequest request, Decision former) {
        Decision decision = Decision.rejected(request.vmId(), former.hostsConsidered(), former.rules());
        return new Row(decision, List.of());
    }

    private static Row row(Trial trial, PlacementRequest request, boolean explained, RoomMaker roomMaker) {
        Decision decision = explained
                ? Scheduler.decide(trial.inventory(), trial.search(), request)
                : Scheduler.decideBriefly(trial.inventory(), trial.search(), request);
        return decision.host().isPresent()
                ? new Row(decision, List.of())
                : preempt(trial, request, decision, roomMaker);
    }

    private static Row preempt(Trial trial, PlacementRequest request, Decision rejected, RoomMaker roomMaker) {
        Optional<RoomMaker.Room> room = roomMaker.makeRoom(trial, request);
        if (room.isEmpty()) {
            return new Row(rejected, List.of());
        }
        List<Integer> ended = new ArrayList<>();
        for (UUID victim : room.get().victims()) {
            for (int position : trial.of(victim)) {
                if (trial.isThere(position)
                        && trial.view(position).hostId().equals(room.get().hostId())) {
                    trial.release(position);
                    ended.add(position);
                }
            }
        }
        Decision decision = Scheduler.decide(
                trial.inventory(), trial.search(), request.preferring(room.get().hostId()));
        if (decision.host().isEmpty()) {
            ended.forEach(trial::restore);
            return new Row(rejected, List.of());
        }
        return new Row(decision, room.get().victims());
    }
}
