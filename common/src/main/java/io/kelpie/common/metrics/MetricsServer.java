package io.kelpie.common.metrics;

import io.prometheus.metrics.exporter.httpserver.HTTPServer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Serves metrics over HTTP at {@code /metrics}, in the format that the scraper asks for (Prometheus text or
 * OpenMetrics). Its few threads are daemons. {@link #close} frees the port and may be called more than once.
 */
public final class MetricsServer implements AutoCloseable {
    private static final int THREADS = 2;
    private static final int QUEUED_SCRAPES_MAX = 16;

    private final HTTPServer server;

    /**
     * Starts serving.
     *
     * @param address where to listen; port 0 takes a free one
     * @throws UncheckedIOException if the address cannot be listened on; its message names the address
     */
    public MetricsServer(Metrics metrics, InetSocketAddress address) {
        if (address.isUnresolved()) {
            throw new UncheckedIOException(
                    new IOException("cannot serve metrics on " + address + ": unknown host name"));
        }
        PrometheusRegistry registry = new PrometheusRegistry();
        registry.register(metrics.collector());
        try {
            this.server = HTTPServer.builder()
                    .inetAddress(address.getAddress())
                    .port(address.getPort())
                    .registry(registry)
                    .executorService(executor())
                    .buildAndStart();
        } catch (IOException e) {
            throw new UncheckedIOException(
                    new IOException("cannot serve metrics on " + address + ": " + e.getMessage(), e));
        }
    }

    /** The port that is listened on. */
    public int port() {
        return server.getPort();
    }

    @Override
    public void close() {
        server.close();
    }

    private static ExecutorService executor() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                THREADS, THREADS, 1, TimeUnit.MINUTES, new LinkedBlockingQueue<>(QUEUED_SCRAPES_MAX), task -> {
                    Thread thread = new Thread(task, "metrics-server");
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }
}
