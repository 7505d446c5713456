package io.kelpie.it.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.it.cluster.Distribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** A dashboard of {@code deploy/grafana}. */
record Dashboard(String file, JsonNode root) {
    /** A panel that shows something; rows are left out. */
    record Panel(JsonNode node) {
        String title() {
            return node.path("title").asText();
        }

        List<String> expressions() {
            return children(node.path("targets"))
                    .map(target -> target.path("expr").asText())
                    .toList();
        }

        @Override
        public String toString() {
            return title();
        }
    }

    /** All dashboards. */
    static List<Dashboard> all() throws IOException {
        Path folder = Distribution.sourceTree().resolve("deploy/grafana");
        ObjectMapper mapper = new ObjectMapper();
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
            List<Dashboard> dashboards = new ArrayList<>();
            for (Path file : found) {
                dashboards.add(new Dashboard(file.getFileName().toString(), mapper.readTree(file.toFile())));
            }
            return dashboards;
        }
    }

    List<Panel> panels() {
        return children(root.path("panels"))
                .filter(panel -> !panel.path("type").asText().equals("row"))
                .map(Panel::new)
                .toList();
    }

    static Stream<JsonNode> children(JsonNode node) {
        return StreamSupport.stream(node.spliterator(), false);
    }

    @Override
    public String toString() {
        return file;
    }
}
