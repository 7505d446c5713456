package io.kelpie.controller.dispatch;

import io.grpc.stub.ServerCallStreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.control.AgentSession;
import io.kelpie.proto.v1.ConnectResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Pool;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One agent's stream. Messages wait in order while the connection is busy; too many of them end the stream. */
final class StreamSession implements AgentSession {
    /** Messages that may wait: more than a host can have instances, times a few. */
    private static final int MAX_WAITING = 10_000;

    /** Images of a cache that are remembered. */
    private static final int MAX_IMAGES = 256;

    private record InstanceKey(String vmId, long incarnation) {}

    private final ServerCallStreamObserver<ConnectResponse> observer;
    private final TimeSource time;
    private final Deque<ConnectResponse> waiting = new ArrayDeque<>();
    private final Map<InstanceKey, InstanceReport> reports = new LinkedHashMap<>();
    private volatile long lastHeardNanos;
    private volatile List<Pool> pools = List.of();
    private volatile List<String> cachedImages = List.of();
    private boolean closed;

    StreamSession(ServerCallStreamObserver<ConnectResponse> observer, TimeSource time) {
        this.observer = observer;
        this.time = time;
        this.lastHeardNanos = time.nanoTime();
    }

    @Override
    public synchronized void send(ConnectResponse message) {
        if (closed) {
            return;
        }
        if (waiting.size() >= MAX_WAITING) {
            close(new KelpieException(
                    ErrorReason.ERROR_REASON_OVERLOADED,
                    "the agent does not read its stream: " + MAX_WAITING + " messages wait",
                    "connect anew"));
            return;
        }
        waiting.addLast(message);
        drain();
    }

    /** Sends what waits, as far as the connection takes it. */
    synchronized void drain() {
        while (!closed && !waiting.isEmpty() && observer.isReady()) {
            observer.onNext(waiting.removeFirst());
        }
    }

    @Override
    public synchronized void close(KelpieException reason) {
        if (!closed) {
            closed = true;
            waiting.clear();
            observer.onError(GrpcErrors.toStatus(reason));
        }
    }

    /** The agent has ended the stream. */
    synchronized void ended() {
        if (!closed) {
            closed = true;
            waiting.clear();
            observer.onCompleted();
        }
    }

    /** The connection is gone. */
    synchronized void lost() {
        closed = true;
        waiting.clear();
    }

    void heard() {
        lastHeardNanos = time.nanoTime();
    }

    void setPools(List<Pool> latest) {
        pools = List.copyOf(latest);
    }

    /** Takes the first {@value #MAX_IMAGES} of them. */
    void setCachedImages(List<String> latest) {
        cachedImages = List.copyOf(latest.subList(0, Math.min(MAX_IMAGES, latest.size())));
    }

    /** @return true if it is the first report since the last {@link #takeReports} */
    synchronized boolean addReport(InstanceReport report) {
        boolean first = reports.isEmpty();
        InstanceKey key = new InstanceKey(report.getVmId(), report.getIncarnation());
        InstanceReport former = reports.get(key);
        if (former == null || former.getSequence() <= report.getSequence()) {
            reports.put(key, report);
        }
        return first;
    }

    @Override
    public synchronized List<InstanceReport> takeReports() {
        List<InstanceReport> taken = List.copyOf(reports.values());
        reports.clear();
        return taken;
    }

    @Override
    public long lastHeardNanos() {
        return lastHeardNanos;
    }

    @Override
    public List<Pool> pools() {
        return pools;
    }

    @Override
    public List<String> cachedImages() {
        return cachedImages;
    }
}
