package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.ListEventsResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/** All events about a subject so far. Each question asks the leader for new ones only. Not thread-safe. */
final class EventSource {
    private final ClusterApi api;
    private final String subject;
    private final List<Event> seen = new ArrayList<>();
    private long since;

    /** @param subject empty: all */
    EventSource(ClusterApi api, String subject) {
        this.api = api;
        this.subject = subject;
    }

    List<Event> next() {
        long after = seen.isEmpty() ? 0 : seen.get(seen.size() - 1).getSequence();
        ListEventsResponse response = api.events(subject, after);
        if (response.getSinceMillis() != since && after != 0) {
            // Another leader, whose memory and numbers are its own.
            seen.clear();
            response = api.events(subject, 0);
        }
        since = response.getSinceMillis();
        seen.addAll(response.getEventsList());
        return List.copyOf(seen);
    }

    /** The subject that controllers know for {@code vm/web-0}, which leaves the namespace out. */
    static String subject(String about, String namespace) {
        if (about.isEmpty() || about.equals("cluster") || about.split("/", -1).length == 3) {
            return about;
        }
        List<Named> named = about.indexOf('/') < 0
                ? List.of()
                : Named.parse(List.of(about), EnumSet.of(Kind.JOB, Kind.VM, Kind.HOST));
        if (named.isEmpty()) {
            throw CliException.usage(
                    "--for: '" + about + "' is no object", "write vm/NAME, job/NAME, host/NAME or cluster");
        }
        Named object = named.get(0);
        return object.kind() == Kind.HOST
                ? object.toString()
                : object.kind().singular() + "/" + namespace + "/" + object.name();
    }
}
