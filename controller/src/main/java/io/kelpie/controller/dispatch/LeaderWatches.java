package io.kelpie.controller.dispatch;

import io.grpc.stub.ServerCallStreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.Leadership;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.WatchLeaderResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Hosts that look for a leader. Each is told once a term that this controller leads: at once, or when a term begins. So
 * they need not ask again and again, and find the leader within a round trip.
 *
 * <p>Thread-safe. A message is handed to its call without waiting for the host; there is at most one a term and host.
 */
public final class LeaderWatches implements Leadership.Listener {
    /** Hosts that may wait: twice as many as a cluster has. */
    private static final int WATCHES_MAX = 20_000;

    private final Map<String, ServerCallStreamObserver<WatchLeaderResponse>> open = new HashMap<>();
    private Optional<LeaderTerm> leading = Optional.empty();

    /**
     * A host looks for a leader, until it ends the call. An older call of the same host is over.
     *
     * @throws KelpieException if too many hosts wait
     */
    synchronized void watch(String hostId, ServerCallStreamObserver<WatchLeaderResponse> call) {
        call.setOnCancelHandler(() -> ended(hostId, call));
        if (!open.containsKey(hostId) && open.size() >= WATCHES_MAX) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_OVERLOADED, WATCHES_MAX + " hosts look for a leader here", "retry later");
        }
        ServerCallStreamObserver<WatchLeaderResponse> older = open.put(hostId, call);
        if (older != null && !older.isCancelled()) {
            older.onCompleted();
        }
        leading.ifPresent(term -> tell(call, term));
    }

    private synchronized void ended(String hostId, ServerCallStreamObserver<WatchLeaderResponse> call) {
        open.remove(hostId, call);
    }

    @Override
    public synchronized void termBegan(LeaderTerm term) {
        leading = Optional.of(term);
        List.copyOf(open.values()).forEach(call -> tell(call, term));
    }

    @Override
    public synchronized void termEnded(LeaderTerm term) {
        leading = Optional.empty();
    }

    private static void tell(ServerCallStreamObserver<WatchLeaderResponse> call, LeaderTerm term) {
        if (!call.isCancelled()) {
            call.onNext(WatchLeaderResponse.newBuilder().setEpoch(term.epoch()).build());
        }
    }
}
