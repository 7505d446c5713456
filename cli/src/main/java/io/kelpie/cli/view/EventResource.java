package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.ProtoTree;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Event;
import java.util.List;
import java.util.Map;

/** How events are listed. */
public final class EventResource implements Resource<Event> {
    private final TimeSource clock;

    public EventResource(TimeSource clock) {
        this.clock = clock;
    }

    @Override
    public List<Column<Event>> columns() {
        return List.of(
                Column.<Event>of("AGE", event -> Ages.between(event.getAtMillis(), clock.wallMillis()))
                        .orderedBy(event -> -event.getAtMillis()),
                Column.<Event>of("TIME", event -> Ages.timestamp(event.getAtMillis()))
                        .wide(),
                Column.of("SUBJECT", Event::getSubject),
                Column.of("TYPE", Event::getType),
                Column.of("MESSAGE", Event::getMessage));
    }

    @Override
    public String name(Event event) {
        return "event/" + event.getSequence();
    }

    @Override
    public String key(Event event) {
        return Long.toString(event.getSequence());
    }

    @Override
    public Map<String, Object> tree(Event event) {
        return ProtoTree.of(event);
    }
}
