package io.kelpie.common.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Timer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsServerTest {
    private final Metrics metrics = new Metrics();
    private final MetricsServer server = new MetricsServer(metrics, loopback(0));

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void twoLabelSetsAreOneFamilyWithHelpAndType() throws Exception {
        metrics.counter("kelpie_commits_total", "Commits by outcome", "outcome", "committed")
                .inc(3);
        metrics.counter("kelpie_commits_total", "Commits by outcome", "outcome", "conflict")
                .inc();

        assertThat(scrape())
                .containsExactly(
                        "# HELP kelpie_commits_total Commits by outcome",
                        "# TYPE kelpie_commits_total counter",
                        "kelpie_commits_total{outcome=\"committed\"} 3.0",
                        "kelpie_commits_total{outcome=\"conflict\"} 1.0");
    }

    @Test
    void gaugesAreReadAtTheScrape() throws Exception {
        AtomicInteger hosts = new AtomicInteger(2);
        metrics.gauge("kelpie_hosts", "Hosts by health", hosts::get, "health", "healthy");
        metrics.gauge("kelpie_epoch", "Epoch", () -> 7L);
        metrics.gauge("kelpie_unknown", "Has no value now", () -> null);

        assertThat(scrape()).contains("kelpie_hosts{health=\"healthy\"} 2.0", "kelpie_epoch 7.0");
        hosts.set(5);
        assertThat(scrape())
                .contains("# TYPE kelpie_hosts gauge", "kelpie_hosts{health=\"healthy\"} 5.0")
                .noneMatch(line -> line.startsWith("kelpie_unknown"));
    }

    @Test
    void timersAreHistogramsInSeconds() throws Exception {
        Timer tick = metrics.timer("kelpie_request_seconds", "Requests", "method", "Get");
        tick.update(30, TimeUnit.MILLISECONDS);
        tick.update(2, TimeUnit.SECONDS);
        metrics.timer("kelpie_request_seconds", "Requests", "method", "Apply").update(1, TimeUnit.HOURS);

        assertThat(scrape())
                .contains(
                        "# TYPE kelpie_request_seconds histogram",
                        "kelpie_request_seconds_bucket{method=\"Get\",le=\"0.025\"} 0",
                        "kelpie_request_seconds_bucket{method=\"Get\",le=\"0.05\"} 1",
                        "kelpie_request_seconds_bucket{method=\"Get\",le=\"2.5\"} 2",
                        "kelpie_request_seconds_bucket{method=\"Get\",le=\"+Inf\"} 2",
                        "kelpie_request_seconds_count{method=\"Get\"} 2",
                        "kelpie_request_seconds_sum{method=\"Get\"} 2.03",
                        "kelpie_request_seconds_bucket{method=\"Apply\",le=\"300.0\"} 0",
                        "kelpie_request_seconds_bucket{method=\"Apply\",le=\"+Inf\"} 1");
    }

    @Test
    void labelValuesAreEscaped() throws Exception {
        metrics.gauge("kelpie_pool", "Pool", () -> 1, "pool", "a\"b\\c\nd,e}f{g=h");

        assertThat(scrape()).contains("kelpie_pool{pool=\"a\\\"b\\\\c\\nd,e}f{g=h\"} 1.0");
    }

    @Test
    void aRemovedSeriesVanishesAndItsFamilyWithTheLast() throws Exception {
        metrics.gauge("kelpie_host_cpus", "CPUs", () -> 1, "host", "h1");
        metrics.gauge("kelpie_host_cpus", "CPUs", () -> 2, "host", "h2");

        metrics.remove("kelpie_host_cpus", "host", "h1");
        assertThat(scrape()).contains("kelpie_host_cpus{host=\"h2\"} 2.0").noneMatch(line -> line.contains("h1"));

        metrics.remove("kelpie_host_cpus", "host", "h2");
        metrics.remove("kelpie_host_cpus", "host", "h2");
        assertThat(scrape()).isEmpty();
    }

    @Test
    void askingAgainGivesTheSameSeries() {
        Counter first = metrics.counter("kelpie_a_total", "A", "x", "1", "y", "2");
        assertThat(metrics.counter("kelpie_a_total", "A", "y", "2", "x", "1")).isSameAs(first);
        Timer timer = metrics.timer("kelpie_b_seconds", "B");
        assertThat(metrics.timer("kelpie_b_seconds", "B")).isSameAs(timer);
        assertThat(metrics.registry().getNames()).containsExactly("kelpie_a_total{x=1,y=2}", "kelpie_b_seconds");
    }

    @Test
    void aGaugeAskedForAgainReadsItsNewSupplier() throws Exception {
        metrics.gauge("kelpie_jobs", "Jobs", () -> 1);
        metrics.gauge("kelpie_jobs", "Jobs", () -> 2);

        assertThat(scrape()).contains("kelpie_jobs 2.0").doesNotContain("kelpie_jobs 1.0");
    }

    @Test
    void oneFaultyGaugeDoesNotHideTheOthers() throws Exception {
        metrics.gauge("kelpie_faulty", "Faulty", () -> {
            throw new IllegalStateException("no value");
        });
        metrics.gauge("kelpie_sound", "Sound", () -> 1);

        assertThat(scrape()).contains("kelpie_faulty NaN", "kelpie_sound 1.0");
    }

    @Test
    void aFamilyHasOneKindAndANameThatTellsIt() {
        metrics.gauge("kelpie_x_seconds", "X", () -> 1);
        assertThatThrownBy(() -> metrics.timer("kelpie_x_seconds", "X")).hasMessageContaining("GAUGE");
        assertThatThrownBy(() -> metrics.counter("kelpie_y", "Y")).hasMessageContaining("_total");
        assertThatThrownBy(() -> metrics.gauge("kelpie_y_total", "Y", () -> 1)).hasMessageContaining("_total");
        assertThatThrownBy(() -> metrics.timer("kelpie_y", "Y")).hasMessageContaining("_seconds");
    }

    @Test
    void theJvmIsMeasured() throws Exception {
        JvmMetrics.register(metrics);

        assertThat(scrape())
                .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\"} "))
                .anyMatch(line -> line.startsWith("jvm_gc_seconds_total{collector=\""))
                .contains("# TYPE jvm_gc_seconds_total counter")
                .anyMatch(line -> line.startsWith("jvm_threads "));
    }

    @Test
    void openMetricsIsServedToScrapersThatAskForIt() throws Exception {
        metrics.counter("kelpie_commits_total", "Commits", "outcome", "committed")
                .inc();

        String body = get("application/openmetrics-text; version=1.0.0").body();

        assertThat(body).contains("# TYPE kelpie_commits counter").endsWith("# EOF\n");
    }

    @Test
    void aPortInUseIsAnErrorThatNamesIt() {
        assertThatThrownBy(() -> new MetricsServer(metrics, loopback(server.port())).close())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(String.valueOf(server.port()));
    }

    private List<String> scrape() throws IOException, InterruptedException {
        return get("text/plain").body().lines().toList();
    }

    private HttpResponse<String> get(String accept) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics"))
                .header("Accept", accept)
                .build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        return response;
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }
}
