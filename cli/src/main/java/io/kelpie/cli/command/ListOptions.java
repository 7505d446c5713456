package io.kelpie.cli.command;

import io.kelpie.cli.output.OutputFormat;
import io.kelpie.cli.output.Table;
import io.kelpie.cli.view.Resource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is listed, and how it is shown. */
final class ListOptions {
    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}. YAML of a job can be applied again.")
    private OutputFormat format = OutputFormat.table;

    @Option(
            names = {"-w", "--watch"},
            description = "Go on with what changes, until Ctrl-C.")
    private boolean watch;

    @Option(
            names = {"-l", "--selector"},
            split = ",",
            paramLabel = "KEY=VALUE",
            description = "Only objects with these labels; of VMs, those of their jobs.")
    private Map<String, String> labels = new LinkedHashMap<>();

    @Option(
            names = {"-A", "--all-namespaces"},
            description = "Of all namespaces.")
    private boolean allNamespaces;

    @Option(names = "--sort-by", paramLabel = "COLUMN", description = "Order by this column.")
    private @Nullable String sortBy;

    @Option(names = "--no-headers", description = "Leave out the line of headers.")
    private boolean noHeaders;

    OutputFormat format() {
        return format;
    }

    boolean watch() {
        return watch;
    }

    Map<String, String> labels() {
        return labels;
    }

    boolean allNamespaces() {
        return allNamespaces;
    }

    boolean headers() {
        return !noHeaders;
    }

    <R> List<R> sorted(Resource<R> resource, List<R> objects) {
        return sortBy == null
                ? objects
                : objects.stream()
                        .sorted(Table.order(resource.columns(), sortBy))
                        .toList();
    }
}
