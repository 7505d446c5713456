package io.kelpie.it.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.kelpie.it.cluster.BootSector;
import io.kelpie.it.cluster.Distribution;
import io.kelpie.it.cluster.LocalCluster;
import io.kelpie.it.cluster.Ports;
import io.kelpie.it.cluster.ServerProcess;
import io.kelpie.it.metrics.Dashboard.Panel;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A misspelt metric makes a panel empty, not wrong: so every panel is asked for data of a cluster that does things. */
@Tag("real")
class PrometheusTest {
    private static final String JOB = """
            apiVersion: kelpie/v1
            kind: Job
            metadata: {name: %s}
            spec:
              replicas: 2
              vm:
                vcpus: 1
                memory: 16Mi
                acceleration: {mode: tcg}
                boot: {image: {file: boot.img}}
                root: {size: 1Mi, keep: false}
                stop: {graceSeconds: 0}
            """;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper mapper = new ObjectMapper();

    @Test
    void everyPanelShowsDataOfACluster(@TempDir Path folder) throws Exception {
        try (LocalCluster cluster =
                        LocalCluster.in(folder.resolve("k")).agents(2).start();
                ServerProcess prometheus = prometheus(folder, cluster)) {
            for (LocalCluster.Agent agent : cluster.agents()) {
                BootSector.writeTo(agent.pool().resolve("boot.img"));
            }
            String address = startedAt(prometheus, folder);
            // Series appear with the first job and grow with the second: rates need both.
            runJob(cluster, folder, "first");
            await("a scrape that has seen the first job")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> hasData(address, "kelpie_agent_exits_total"));
            runJob(cluster, folder, "second");
            cluster.kelpie("apply", "-f", job(folder, "third").toString()).succeeded();

            // Each query must give data at least once: what happens only now and then may be over at the next look.
            List<Query> empty = new ArrayList<>(queries());
            assertThat(empty).isNotEmpty();
            await("data in every panel")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofSeconds(1))
                    .untilAsserted(() -> {
                        for (Query query : List.copyOf(empty)) {
                            if (hasData(address, query.expression().replace("$__rate_interval", "1m"))) {
                                empty.remove(query);
                            }
                        }
                        assertThat(empty).isEmpty();
                    });
        }
    }

    private record Query(String dashboard, String panel, String expression) {}

    private static List<Query> queries() throws IOException {
        List<Query> queries = new ArrayList<>();
        for (Dashboard dashboard : Dashboard.all()) {
            for (Panel panel : dashboard.panels()) {
                for (String expression : panel.expressions()) {
                    queries.add(new Query(dashboard.file(), panel.title(), expression));
                }
            }
        }
        return queries;
    }

    /** Runs two VMs to their end. */
    private static void runJob(LocalCluster cluster, Path folder, String name) throws Exception {
        cluster.kelpie("apply", "-f", job(folder, name).toString()).succeeded();
        cluster.kelpie("wait", "--for=running", "job/" + name, "--timeout", "60s")
                .succeeded();
        cluster.kelpie("delete", "job", name).succeeded();
        cluster.kelpie("wait", "--for=deleted", "job/" + name, "--timeout", "60s")
                .succeeded();
    }

    private static Path job(Path folder, String name) throws IOException {
        return Files.writeString(folder.resolve(name + ".yaml"), JOB.formatted(name));
    }

    /** The product's own configuration, scraping every second. */
    private ServerProcess prometheus(Path folder, LocalCluster cluster) throws IOException {
        Path own = folder.resolve("prometheus");
        Files.createDirectories(own.resolve("targets"));
        String config = Files.readString(Distribution.sourceTree().resolve("deploy/prometheus/prometheus.yml"));
        Files.writeString(
                own.resolve("prometheus.yml"),
                config.replace("scrape_interval: 15s", "scrape_interval: 1s")
                        .replace("scrape_timeout: 5s", "scrape_timeout: 1s"));
        mapper.writeValue(
                own.resolve("targets/controllers.json").toFile(),
                cluster.controllers().stream()
                        .map(each -> Map.of("targets", List.of(each.metricsAddress())))
                        .toList());
        mapper.writeValue(
                own.resolve("targets/agents.json").toFile(),
                cluster.agents().stream()
                        .map(each -> Map.of(
                                "targets", List.of(each.metricsAddress()), "labels", Map.of("host", each.hostName())))
                        .toList());
        String address = Ports.freeAddress();
        Files.writeString(own.resolve("address"), address);
        return new ServerProcess(
                "prometheus",
                List.of(
                        "prometheus",
                        "--config.file=" + own.resolve("prometheus.yml"),
                        "--storage.tsdb.path=" + own.resolve("data"),
                        "--web.listen-address=" + address),
                Map.of(),
                own.resolve("log"));
    }

    private String startedAt(ServerProcess prometheus, Path folder) throws IOException {
        prometheus.start();
        String address = Files.readString(folder.resolve("prometheus/address"));
        await("Prometheus to scrape all targets, log " + prometheus.log())
                .atMost(Duration.ofSeconds(30))
                .ignoreExceptionsInstanceOf(IOException.class)
                .until(() -> {
                    assertThat(prometheus.isAlive()).as(prometheus.logTail()).isTrue();
                    return values(address, "count(up == 1)").equals(List.of(3.0));
                });
        return address;
    }

    /** Whether the query gives at least one number. */
    private boolean hasData(String address, String query) throws IOException, InterruptedException {
        return values(address, query).stream().anyMatch(value -> !value.isNaN());
    }

    private List<Double> values(String address, String query) throws IOException, InterruptedException {
        URI uri = URI.create(
                "http://" + address + "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
        HttpResponse<String> response =
                http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        JsonNode answer = mapper.readTree(response.body());
        assertThat(answer.path("status").asText())
                .as("%s: %s", query, response.body())
                .isEqualTo("success");
        return Dashboard.children(answer.at("/data/result"))
                .map(series -> parse(series.at("/value/1").asText()))
                .collect(Collectors.toList());
    }

    private static double parse(String value) {
        return switch (value) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(value);
        };
    }
}
