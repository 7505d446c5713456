package io.kelpie.cli.command;

import io.kelpie.cli.Pauses;
import io.kelpie.cli.Terminal;
import io.kelpie.cli.view.Printer;
import io.kelpie.cli.view.Resource;
import io.kelpie.cli.wait.Patience;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Asks for all objects again and again, and prints those that have changed. Ends only by Ctrl-C or an error. */
final class Watching<R> {
    private static final Duration PERIOD = Duration.ofSeconds(1);

    private final Terminal terminal;
    private final Resource<R> resource;
    private final Printer<R> printer;
    private final Pauses pauses;

    Watching(Terminal terminal, Resource<R> resource, Printer<R> printer, Pauses pauses) {
        this.terminal = terminal;
        this.resource = resource;
        this.printer = printer;
        this.pauses = pauses;
    }

    void run(Supplier<List<R>> fetch) {
        Map<String, R> before = Map.of();
        Patience patience = new Patience(pauses, terminal::note);
        while (true) {
            Optional<List<R>> objects = patience.ask(fetch);
            if (objects.isEmpty()) {
                continue;
            }
            Map<String, R> now = new LinkedHashMap<>();
            objects.get().forEach(object -> now.put(resource.key(object), object));
            tell(before, now);
            before = now;
            terminal.flush();
            pauses.pause(PERIOD);
        }
    }

    private void tell(Map<String, R> before, Map<String, R> now) {
        List<R> changed = new ArrayList<>();
        now.forEach((key, object) -> {
            R old = before.get(key);
            if (old == null || !resource.state(old).equals(resource.state(object))) {
                changed.add(object);
            }
        });
        if (!changed.isEmpty()) {
            printer.more(changed);
        }
        before.forEach((key, object) -> {
            if (!now.containsKey(key)) {
                terminal.note(resource.name(object) + " is gone");
            }
        });
    }
}
