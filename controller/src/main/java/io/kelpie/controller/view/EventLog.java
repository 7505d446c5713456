package io.kelpie.controller.view;

import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Event;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/** What happened lately, in the leader's memory. Thread-safe. */
public final class EventLog {
    private static final int KEPT = 10_000;

    private final TimeSource time;
    private final long sinceMillis;
    private final Deque<Event> events = new ArrayDeque<>();
    private long sequence;

    public EventLog(TimeSource time) {
        this.time = time;
        this.sinceMillis = time.wallMillis();
    }

    /** Subjects are {@code vm/<ns>/<name>}, {@code job/<ns>/<name>}, {@code host/<name>} or {@code cluster}. */
    public synchronized void add(String subject, String type, String message) {
        events.addLast(Event.newBuilder()
                .setSequence(++sequence)
                .setAtMillis(time.wallMillis())
                .setSubject(subject)
                .setType(type)
                .setMessage(message)
                .build());
        if (events.size() > KEPT) {
            events.removeFirst();
        }
    }

    /** The latest {@code limit} events about a subject (empty: all) after a sequence, oldest first. */
    public synchronized List<Event> latest(String subject, long afterSequence, int limit) {
        List<Event> found = new ArrayList<>();
        var newestFirst = events.descendingIterator();
        while (newestFirst.hasNext() && found.size() < limit) {
            Event event = newestFirst.next();
            if (event.getSequence() <= afterSequence) {
                break;
            }
            if (subject.isEmpty() || event.getSubject().equals(subject)) {
                found.add(event);
            }
        }
        Collections.reverse(found);
        return found;
    }

    /** When this memory began, in milliseconds since 1970. */
    public long sinceMillis() {
        return sinceMillis;
    }
}
