package io.kelpie.cli.view;

import io.kelpie.cli.Terminal;
import io.kelpie.cli.output.JsonText;
import io.kelpie.cli.output.OutputFormat;
import io.kelpie.cli.output.Table;
import io.kelpie.cli.output.YamlText;
import java.util.List;
import java.util.Map;

/** Prints objects of one kind in one format: a list at once, or a watch's objects as they come. */
public final class Printer<R> {
    private static final String DIVIDER = "---";

    private final Terminal terminal;
    private final Resource<R> resource;
    private final OutputFormat format;
    private final Table<R> table;
    private boolean dividerDue;

    public Printer(Terminal terminal, Resource<R> resource, OutputFormat format, boolean headers) {
        this.terminal = terminal;
        this.resource = resource;
        this.format = format;
        this.table = new Table<>(resource.columns(), format == OutputFormat.wide, headers, terminal.colouredOut());
    }

    /** All objects at once. JSON is one document: {@code {"items": […]}}. */
    public void list(List<R> objects) {
        if (format == OutputFormat.json) {
            List<Map<String, Object>> items =
                    objects.stream().map(resource::tree).toList();
            terminal.line(JsonText.pretty(Map.of("items", items)));
        } else if (!objects.isEmpty()) {
            more(objects);
        }
    }

    /** One object that was asked for by its name. */
    public void one(R object) {
        if (format == OutputFormat.json) {
            terminal.line(JsonText.pretty(resource.tree(object)));
        } else {
            more(List.of(object));
        }
    }

    /** The next objects of a watch. JSON is one document a line. */
    public void more(List<R> objects) {
        switch (format) {
            case table, wide -> table.lines(objects).forEach(terminal::line);
            case name -> objects.forEach(object -> terminal.line(resource.name(object)));
            case json -> objects.forEach(object -> terminal.line(JsonText.compact(resource.tree(object))));
            case yaml -> {
                for (R object : objects) {
                    if (dividerDue) {
                        terminal.line(DIVIDER);
                    }
                    dividerDue = true;
                    terminal.out().print(YamlText.of(resource.tree(object)));
                }
            }
        }
    }
}
