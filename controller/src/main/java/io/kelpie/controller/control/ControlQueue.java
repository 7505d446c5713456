package io.kelpie.controller.control;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The way to the control thread. Thread-safe; only {@link #drain} blocks.
 *
 * <p>Operators' calls are bounded. The other events are bounded by what they stand for: answers of the store by the
 * commit window, events of a session by the session itself, which coalesces its reports.
 */
public final class ControlQueue {
    /** Operators' calls that may wait. */
    static final int MAX_CALLS = 10_000;

    /** Events taken in one tick. */
    static final int MAX_DRAINED = 4_096;

    private final LinkedBlockingQueue<ControlEvent> events = new LinkedBlockingQueue<>();
    private final AtomicInteger calls = new AtomicInteger();

    /** Adds an event that must not be dropped. */
    public void add(ControlEvent event) {
        events.add(event);
    }

    /** Adds an operator's call; false if too many wait. */
    public boolean offer(ControlEvent.OperatorCall call) {
        return offerCall(call);
    }

    /** As {@link #offer(ControlEvent.OperatorCall)}. */
    public boolean offer(ControlEvent.CallPrepared<?> call) {
        return offerCall(call);
    }

    private boolean offerCall(ControlEvent call) {
        if (calls.incrementAndGet() > MAX_CALLS) {
            calls.decrementAndGet();
            return false;
        }
        events.add(call);
        return true;
    }

    /** Waits at most {@code timeoutMillis} for an event, then takes all there are (at most {@link #MAX_DRAINED}). */
    List<ControlEvent> drain(long timeoutMillis) throws InterruptedException {
        List<ControlEvent> drained = new ArrayList<>();
        ControlEvent first = events.poll(timeoutMillis, TimeUnit.MILLISECONDS);
        if (first != null) {
            drained.add(first);
            events.drainTo(drained, MAX_DRAINED - 1);
        }
        for (ControlEvent event : drained) {
            if (event instanceof ControlEvent.OperatorCall || event instanceof ControlEvent.CallPrepared<?>) {
                calls.decrementAndGet();
            }
        }
        return drained;
    }

    /** Events that wait now. */
    public int size() {
        return events.size();
    }
}
