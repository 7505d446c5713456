package io.kelpie.agent.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.kelpie.agent.spec.FieldRejectedException;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DownloaderTest {
    private static final String FIELD = "spec.vm.boot.image";
    private static final byte[] CONTENT = content(300_000);
    private static final String DIGEST =
            HexFormat.of().formatHex(Sha256.newDigest().digest(CONTENT));

    @TempDir
    Path folder;

    private final List<String> progress = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger requests = new AtomicInteger();
    private final CountDownLatch testEnds = new CountDownLatch(1);
    private ExecutorService threads;
    private HttpServer server;
    private Path part;

    @BeforeEach
    void start() throws IOException {
        threads = Executors.newCachedThreadPool();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
        part = folder.resolve("x.part");
    }

    @AfterEach
    void stop() {
        testEnds.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void downloadsAndTellsFigures() throws Exception {
        serve("/image", exchange -> answer(exchange, 200, CONTENT));
        downloader(ImageLimits.Loopback.ALLOWED).download(source("/image", DIGEST), part, FIELD, progress::add);
        assertThat(part).hasBinaryContent(CONTENT);
        assertThat(progress).anyMatch(text -> text.endsWith("/image: 0 of 1 MiB"));
    }

    @Test
    void followsFiveRedirectsAndNoMore() throws Exception {
        for (int i = 0; i < 6; i++) {
            int hop = i;
            serve("/hop" + hop, exchange -> redirect(exchange, hop == 5 ? "/image" : "/hop" + (hop + 1)));
        }
        serve("/image", exchange -> answer(exchange, 200, CONTENT));
        Downloader downloader = downloader(ImageLimits.Loopback.ALLOWED);
        downloader.download(source("/hop1", DIGEST), part, FIELD, progress::add);
        assertThat(part).hasBinaryContent(CONTENT);
        Files.delete(part);
        assertThat(rejected(downloader, source("/hop0", DIGEST))).hasMessageContaining("redirects more than 5 times");
    }

    @Test
    void redirectLoopEnds() throws Exception {
        serve("/loop", exchange -> redirect(exchange, "/loop"));
        FieldRejectedException e = rejected(downloader(ImageLimits.Loopback.ALLOWED), source("/loop", DIGEST));
        assertThat(e.field()).isEqualTo("spec.vm.boot.image.url");
        assertThat(requests).hasValue(6);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data",
                "http://[fe80::1]/",
                "http://0.0.0.0/",
                "file:///etc/passwd",
                "ftp://10.0.0.1/x",
                "http://user:secret@10.0.0.1/x",
                "http:///x"
            })
    void everyHopIsChecked(String target) throws Exception {
        serve("/away", exchange -> redirect(exchange, target));
        FieldRejectedException e = rejected(downloader(ImageLimits.Loopback.ALLOWED), source("/away", DIGEST));
        assertThat(e.field()).isEqualTo("spec.vm.boot.image.url");
        assertThat(e).hasMessageContaining("redirects to");
        assertThat(requests).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://127.0.0.1/x", "http://localhost/x", "http://[::1]/x", "http://2130706433/x"})
    void loopbackIsRefusedUnlessAllowed(String url) {
        FieldRejectedException e =
                rejected(downloader(ImageLimits.Loopback.REFUSED), new ImageSource.UrlSource(URI.create(url), DIGEST));
        assertThat(e).hasMessageContaining("a loopback address");
    }

    @Test
    void wrongDigestIsRefusedWithBoth() throws Exception {
        serve("/image", exchange -> answer(exchange, 200, CONTENT));
        String wrong = "0".repeat(64);
        FieldRejectedException e = rejected(downloader(ImageLimits.Loopback.ALLOWED), source("/image", wrong));
        assertThat(e.field()).isEqualTo("spec.vm.boot.image.sha256");
        assertThat(e).hasMessageContaining(DIGEST).hasMessageContaining(wrong);
    }

    @Test
    void cutConnectionIsResumedWhereItEnded() throws Exception {
        List<String> ranges = Collections.synchronizedList(new ArrayList<>());
        serve("/image", exchange -> {
            String range = exchange.getRequestHeaders().getFirst("Range");
            ranges.add(String.valueOf(range));
            if (range == null) {
                cut(exchange, 100_000);
            } else {
                int from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
                byte[] rest = Arrays.copyOfRange(CONTENT, from, CONTENT.length);
                exchange.getResponseHeaders()
                        .add("Content-Range", "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length);
                answer(exchange, 206, rest);
            }
        });
        downloader(ImageLimits.Loopback.ALLOWED).download(source("/image", DIGEST), part, FIELD, progress::add);
        assertThat(part).hasBinaryContent(CONTENT);
        assertThat(ranges).hasSize(2);
        assertThat(progress).anyMatch(text -> text.contains("was cut"));
    }

    @Test
    void serverWithoutRangesIsAskedAnew() throws Exception {
        serve("/image", exchange -> {
            if (requests.get() == 1) {
                cut(exchange, 100_000);
            } else {
                answer(exchange, 200, CONTENT);
            }
        });
        downloader(ImageLimits.Loopback.ALLOWED).download(source("/image", DIGEST), part, FIELD, progress::add);
        assertThat(part).hasBinaryContent(CONTENT);
    }

    @Test
    void wrongPartOfAnEarlierTryIsThrownAway() throws Exception {
        Files.write(part, new byte[1000]);
        serve("/image", exchange -> {
            if (exchange.getRequestHeaders().containsKey("Range")) {
                exchange.getResponseHeaders().add("Content-Range", "bytes 1000-299999/300000");
                answer(exchange, 206, Arrays.copyOfRange(CONTENT, 1000, CONTENT.length));
            } else {
                answer(exchange, 200, CONTENT);
            }
        });
        downloader(ImageLimits.Loopback.ALLOWED).download(source("/image", DIGEST), part, FIELD, progress::add);
        assertThat(part).hasBinaryContent(CONTENT);
        assertThat(requests).hasValue(2);
    }

    @Test
    void completePartOfAnEarlierTryIsTaken() throws Exception {
        Files.write(part, CONTENT);
        serve(
                "/image",
                exchange -> answer(
                        exchange,
                        exchange.getRequestHeaders().containsKey("Range") ? 416 : 200,
                        exchange.getRequestHeaders().containsKey("Range") ? new byte[0] : CONTENT));
        downloader(ImageLimits.Loopback.ALLOWED).download(source("/image", DIGEST), part, FIELD, progress::add);
        assertThat(part).hasBinaryContent(CONTENT);
        assertThat(requests).hasValue(0);
    }

    @Test
    void givesUpAfterThreeCutsAndKeepsThePart() throws Exception {
        serve("/image", exchange -> cut(exchange, 100_000));
        IOException e = catchThrowableOfType(
                IOException.class,
                () -> downloader(ImageLimits.Loopback.ALLOWED)
                        .download(source("/image", DIGEST), part, FIELD, progress::add));
        assertThat(e).hasMessageContaining("failed 3 times");
        assertThat(requests).hasValue(3);
        assertThat(part).exists();
    }

    @Test
    void serverErrorsAreTriedAgainAndClientErrorsAreNot() throws Exception {
        serve("/busy", exchange -> answer(exchange, 503, new byte[0]));
        serve("/gone", exchange -> answer(exchange, 404, new byte[0]));
        Downloader downloader = downloader(ImageLimits.Loopback.ALLOWED);
        IOException busy = catchThrowableOfType(
                IOException.class, () -> downloader.download(source("/busy", DIGEST), part, FIELD, progress::add));
        assertThat(busy).hasMessageContaining("the server answers 503");
        assertThat(requests).hasValue(3);
        assertThat(rejected(downloader, source("/gone", DIGEST))).hasMessageContaining("the server answers 404");
        assertThat(requests).hasValue(4);
    }

    @Test
    void announcedOversizeIsRefusedBeforeItIsRead() throws Exception {
        serve("/image", exchange -> answer(exchange, 200, CONTENT));
        assertThat(rejected(downloader(100_000), source("/image", DIGEST))).hasMessageContaining("300000 bytes");
        assertThat(part).isEmptyFile();
    }

    @Test
    void unannouncedOversizeIsRefusedAtTheLimit() throws Exception {
        serve("/image", exchange -> {
            exchange.sendResponseHeaders(200, 0); // chunked
            try (OutputStream body = exchange.getResponseBody()) {
                body.write(CONTENT);
            }
        });
        assertThat(rejected(downloader(100_000), source("/image", DIGEST))).hasMessageContaining("largest image taken");
        assertThat(Files.size(part)).isLessThanOrEqualTo(100_000);
    }

    @Test
    void stalledServerIsGivenUp() throws Exception {
        serve("/image", exchange -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().write(CONTENT, 0, 1000);
            exchange.getResponseBody().flush();
            await(testEnds);
        });
        Downloader downloader = new Downloader(
                new ImageLimits(1 << 30, Duration.ofSeconds(5), Duration.ofMillis(50), ImageLimits.Loopback.ALLOWED),
                TimeSource.system());
        IOException e = catchThrowableOfType(
                IOException.class, () -> downloader.download(source("/image", DIGEST), part, FIELD, progress::add));
        assertThat(e).hasMessageContaining("sent nothing for too long");
    }

    @Test
    void refusedConnectionSaysSo() {
        int port = server.getAddress().getPort();
        server.stop(0);
        IOException e = catchThrowableOfType(
                IOException.class,
                () -> downloader(ImageLimits.Loopback.ALLOWED)
                        .download(
                                new ImageSource.UrlSource(URI.create("http://127.0.0.1:" + port + "/x"), DIGEST),
                                part,
                                FIELD,
                                progress::add));
        assertThat(e).hasMessageContaining("no answer from 127.0.0.1");
    }

    private FieldRejectedException rejected(Downloader downloader, ImageSource.UrlSource source) {
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class, () -> downloader.download(source, part, FIELD, progress::add));
        assertThat(e).as("refused").isNotNull();
        return e;
    }

    private static Downloader downloader(ImageLimits.Loopback loopback) {
        return new Downloader(ImageLimits.defaults(loopback), TimeSource.system());
    }

    private static Downloader downloader(long maxBytes) {
        return new Downloader(
                new ImageLimits(maxBytes, Duration.ofSeconds(5), Duration.ofSeconds(5), ImageLimits.Loopback.ALLOWED),
                TimeSource.system());
    }

    private ImageSource.UrlSource source(String path, String digest) {
        return new ImageSource.UrlSource(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path), digest);
    }

    private interface Handler {
        void handle(HttpExchange exchange) throws IOException;
    }

    private void serve(String path, Handler handler) {
        server.createContext(path, exchange -> {
            requests.incrementAndGet();
            try (exchange) {
                handler.handle(exchange);
            }
        });
    }

    private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    private static void redirect(HttpExchange exchange, String location) throws IOException {
        exchange.getResponseHeaders().add("Location", location);
        exchange.sendResponseHeaders(302, -1);
    }

    /** Announces everything, sends some and closes the connection. */
    private static void cut(HttpExchange exchange, int bytes) throws IOException {
        exchange.sendResponseHeaders(200, CONTENT.length);
        exchange.getResponseBody().write(CONTENT, 0, bytes);
        exchange.getResponseBody().flush();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] content(int length) {
        byte[] bytes = new byte[length];
        new Random(7).nextBytes(bytes);
        return bytes;
    }
}
