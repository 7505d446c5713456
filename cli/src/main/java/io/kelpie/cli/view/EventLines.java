package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.proto.v1.Event;
import java.util.List;

/** Events of one object, inside its description. */
final class EventLines {
    private EventLines() {}

    static List<String> of(List<Event> events, long nowMillis) {
        if (events.isEmpty()) {
            return List.of();
        }
        List<Column<Event>> columns = List.of(
                Column.of("AGE", event -> Ages.between(event.getAtMillis(), nowMillis)),
                Column.of("TYPE", Event::getType),
                Column.of("MESSAGE", Event::getMessage));
        return new Table<>(columns, false, true, false).lines(events);
    }
}
