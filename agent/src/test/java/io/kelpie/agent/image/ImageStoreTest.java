package io.kelpie.agent.image;

import static io.kelpie.agent.image.Qcow2Builder.qcow2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.kelpie.agent.disk.PoolConfig;
import io.kelpie.agent.disk.Pools;
import io.kelpie.agent.disk.QemuImg;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.spec.FieldRejectedException;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageStoreTest {
    private static final String FIELD = "spec.vm.boot.image";

    @TempDir
    Path folder;

    private Path pool;
    private Path cache;
    private ImageStore store;
    private final List<String> progress = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void open() throws IOException {
        pool = Files.createDirectories(folder.resolve("pool"));
        cache = folder.resolve("cache");
        store = newStore();
    }

    private ImageStore newStore() throws IOException {
        return new ImageStore(
                cache,
                new Pools(List.of(new PoolConfig("default", pool, false))),
                new QemuImg(Path.of("qemu-img")),
                ImageLimits.defaults(ImageLimits.Loopback.ALLOWED),
                TimeSource.system());
    }

    @Test
    @Tag("real")
    void cachesQcow2AndRawByContent() throws Exception {
        Path source = qcow2().virtualSize(3 << 20).writeTo(pool.resolve("a.qcow2"));
        CachedImage image = store.image(file("a.qcow2"), FIELD, progress::add);
        assertThat(image)
                .isEqualTo(new CachedImage(
                        digest(source), cache.resolve(digest(source) + ".qcow2"), DiskFormat.QCOW2, 3 << 20));
        assertThat(image.path()).hasSameBinaryContentAs(source);
        assertThat(Files.getPosixFilePermissions(image.path())).isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
        assertThat(progress).anyMatch(text -> text.endsWith("a.qcow2: 0 of 1 MiB"));

        Files.write(pool.resolve("b.img"), new byte[1024]);
        CachedImage raw = store.image(file("b.img"), FIELD, progress::add);
        assertThat(raw.format()).isEqualTo(DiskFormat.RAW);
        assertThat(raw.virtualSizeBytes()).isEqualTo(1024);
        assertThat(raw.path().getFileName()).hasToString(raw.sha256() + ".raw");
        assertThat(temporaryFiles()).isEmpty();
    }

    @Test
    @Tag("real")
    void aRawNameOverQcow2ContentIsRefusedCachedOrNot() throws Exception {
        qcow2().writeTo(pool.resolve("a.raw"));
        Runnable check = () -> {
            FieldRejectedException e = rejected(file("a.raw"));
            assertThat(e.field()).isEqualTo("spec.vm.boot.image.file");
            assertThat(e).hasMessageContaining("says raw, but its content begins like a qcow2 file");
        };
        check.run();
        assertThat(cachedFiles()).isEmpty();
        qcow2().writeTo(pool.resolve("a.qcow2"));
        store.image(file("a.qcow2"), FIELD, progress::add);
        check.run();
        qcow2().writeTo(pool.resolve("a.img"));
        assertThat(rejected(file("a.img"))).hasMessageContaining("says raw");
    }

    @Test
    @Tag("real")
    void aQcow2NameOverRawContentIsRefused() throws Exception {
        Files.write(pool.resolve("a.qcow2"), new byte[512]);
        assertThat(rejected(file("a.qcow2"))).hasMessageContaining("says qcow2, but its content is raw");
    }

    @ParameterizedTest
    @CsvSource({"/etc/passwd", "json:{}"})
    void imagesThatNameAnotherFileAreRefused(String backing) throws Exception {
        qcow2().backing(backing).writeTo(pool.resolve("a.qcow2"));
        assertThat(rejected(file("a.qcow2"))).hasMessageContaining("backing file: " + backing);
        assertThat(cachedFiles()).isEmpty();
        assertThat(temporaryFiles()).isEmpty();
    }

    @Test
    @Tag("real")
    void whatQemuImgItselfMakesIsJudgedAlike() throws Exception {
        qemuImg("create", "-f", "raw", pool.resolve("base.raw").toString(), "1M");
        qemuImg("create", "-f", "qcow2", "-b", pool.resolve("base.raw").toString(), "-F", "raw", path("overlay.qcow2"));
        qemuImg("create", "-f", "qcow2", "-o", "data_file=" + path("data"), path("split.qcow2"), "1M");
        qemuImg("create", "-f", "qcow2", "-o", "compression_type=zstd,extended_l2=on", path("new.qcow2"), "40M");
        qemuImg("create", "-f", "qcow2", "-o", "compat=0.10", path("old.qcow2"), "40M");
        qemuImg("convert", "-f", "raw", "-O", "qcow2", "-c", "/usr/bin/qemu-img", path("compressed.qcow2"));
        qemuImg("create", "-f", "vmdk", path("disk.vmdk"), "1M");
        qemuImg("create", "-f", "vhdx", path("disk.vhdx"), "1M");
        qemuImg("create", "-f", "vdi", path("disk.vdi"), "1M");
        qemuImg("create", "-f", "vpc", "-o", "subformat=fixed", path("disk.vhd"), "1M");
        qemuImg("create", "-f", "qed", path("disk.qed"), "1M");
        assertThat(rejected(file("overlay.qcow2"))).hasMessageContaining("names a backing file");
        assertThat(rejected(file("split.qcow2"))).hasMessageContaining("keeps its data in another file");
        assertThat(rejected(file("disk.vmdk"))).hasMessageContaining("of format VMDK");
        assertThat(rejected(file("disk.vhdx"))).hasMessageContaining("of format VHDX");
        assertThat(rejected(file("disk.vdi"))).hasMessageContaining("of format VDI");
        assertThat(rejected(file("disk.vhd"))).hasMessageContaining("of format VHD");
        assertThat(rejected(file("disk.qed"))).hasMessageContaining("of format QED");
        for (String good : List.of("new.qcow2", "old.qcow2", "compressed.qcow2")) {
            assertThat(store.image(file(good), FIELD, progress::add).format()).isEqualTo(DiskFormat.QCOW2);
        }
    }

    @Test
    void wrongDigestOfAFileIsRefused() throws Exception {
        Files.write(pool.resolve("vmlinuz"), new byte[] {1, 2, 3});
        ImageSource source = new ImageSource.FileSource("vmlinuz", Optional.of("ab".repeat(32)));
        FieldRejectedException e = catchThrowableOfType(
                FieldRejectedException.class, () -> store.blob(source, "spec.vm.boot.kernel", progress::add));
        assertThat(e.field()).isEqualTo("spec.vm.boot.kernel.sha256");
        assertThat(e).hasMessageContaining(digest(pool.resolve("vmlinuz")));
        assertThat(cachedFiles()).isEmpty();

        store.blob(file("vmlinuz"), "spec.vm.boot.kernel", progress::add);
        assertThatThrownBy(() -> store.blob(source, "spec.vm.boot.kernel", progress::add))
                .isInstanceOf(FieldRejectedException.class);
        assertThatThrownBy(() ->
                        store.blob(new ImageSource.FileSource("vmlinuz", Optional.of("xyz")), FIELD, progress::add))
                .hasMessageContaining("not 64 hexadecimal digits");
    }

    @Test
    void digestsMayBeInCapitals() throws Exception {
        Path file = Files.write(pool.resolve("vmlinuz"), new byte[] {1, 2, 3});
        ImageSource source =
                new ImageSource.FileSource("vmlinuz", Optional.of(digest(file).toUpperCase(Locale.ROOT)));
        assertThat(store.blob(source, FIELD, progress::add)).hasSameBinaryContentAs(file);
    }

    @Test
    void missingAndEmptyFilesAreRefused() throws Exception {
        Files.createFile(pool.resolve("empty"));
        assertThat(rejected(file("missing"))).hasMessageContaining("there is no file missing");
        assertThat(rejected(file("empty"))).hasMessageContaining("is empty");
        assertThatThrownBy(() -> store.blob(file("empty"), FIELD, progress::add))
                .hasMessageContaining("is empty");
    }

    @Test
    void anUnchangedFileIsReadOnceAlsoByALaterProcess() throws Exception {
        Path file = Files.write(pool.resolve("initrd"), new byte[] {1, 2, 3});
        Path first = store.blob(file("initrd"), FIELD, progress::add);
        assertThat(progress).isNotEmpty();
        progress.clear();
        assertThat(store.blob(file("initrd"), FIELD, progress::add)).isEqualTo(first);
        assertThat(newStore().blob(file("initrd"), FIELD, progress::add)).isEqualTo(first);
        assertThat(progress).as("no second copy").isEmpty();

        FileTime modified = Files.getLastModifiedTime(file);
        Files.write(file, new byte[] {3, 2, 1});
        Files.setLastModifiedTime(file, modified);
        Path second = store.blob(file("initrd"), FIELD, progress::add);
        assertThat(second).isNotEqualTo(first).hasSameBinaryContentAs(file);
    }

    @Test
    void aCacheThatLostItsFileIsFilledAgain() throws Exception {
        Path file = Files.write(pool.resolve("initrd"), new byte[] {1, 2, 3});
        Files.delete(store.blob(file("initrd"), FIELD, progress::add));
        assertThat(store.blob(file("initrd"), FIELD, progress::add)).hasSameBinaryContentAs(file);
    }

    @Test
    void imagesAreToldTheNewestFirst() throws Exception {
        List<String> digests = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            String digest = Integer.toString(i).repeat(64);
            digests.add(0, digest);
            Path image = Files.createFile(cache.resolve(digest + (i % 2 == 0 ? ".raw" : ".qcow2")));
            Files.setLastModifiedTime(image, FileTime.fromMillis(1_000_000L + i));
        }
        Files.createFile(cache.resolve("f".repeat(64) + ".blob"));

        assertThat(store.digests(10)).isEqualTo(digests);
        assertThat(store.digests(2)).isEqualTo(digests.subList(0, 2));
        assertThat(newStore().digests(0)).isEmpty();
    }

    @Test
    void holesStayHoles() throws Exception {
        Path file = pool.resolve("sparse");
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(64 << 20);
            opened.seek(32 << 20);
            opened.write(1);
        }
        Path cached = store.blob(file("sparse"), FIELD, progress::add);
        assertThat(cached).hasSameBinaryContentAs(file);
        assertThat(cached.getFileName()).hasToString(digest(file) + ".blob");
    }

    @Test
    void unfinishedCopiesOfAnEarlierProcessAreRemovedAndDownloadsKept() throws Exception {
        Path copy = Files.createFile(cache.resolve("tmp/file-1.copy"));
        Path part = Files.createFile(cache.resolve("tmp/" + "a".repeat(64) + ".part"));
        newStore();
        assertThat(copy).doesNotExist();
        assertThat(part).exists();
    }

    @Test
    void oversizeFilesAreRefused() throws Exception {
        Files.write(pool.resolve("large"), new byte[2000]);
        ImageStore small = new ImageStore(
                cache,
                new Pools(List.of(new PoolConfig("default", pool, false))),
                new QemuImg(Path.of("qemu-img")),
                new ImageLimits(1000, Duration.ofSeconds(1), Duration.ofSeconds(1), ImageLimits.Loopback.REFUSED),
                TimeSource.system());
        assertThatThrownBy(() -> small.blob(file("large"), FIELD, progress::add))
                .isInstanceOf(FieldRejectedException.class)
                .hasMessageContaining("the largest image taken");
    }

    @Test
    void twoVmsThatNeedOneDownloadShareIt() throws Exception {
        byte[] content = {1, 2, 3, 4};
        AtomicInteger requests = new AtomicInteger();
        CountDownLatch waits = new CountDownLatch(1);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        ExecutorService threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/vmlinuz", exchange -> {
            requests.incrementAndGet();
            try (exchange) {
                assertThat(waits.await(10, TimeUnit.SECONDS)).isTrue();
                exchange.sendResponseHeaders(200, content.length);
                exchange.getResponseBody().write(content);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        server.start();
        try {
            ImageSource source = new ImageSource.UrlSource(
                    URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/vmlinuz"),
                    HexFormat.of().formatHex(Sha256.newDigest().digest(content)));
            // The server answers the one that asks only when another has said that it waits.
            Consumer<String> listener = text -> {
                if (text.startsWith("waiting")) {
                    waits.countDown();
                }
            };
            Future<Path> one = threads.submit(() -> store.blob(source, FIELD, listener));
            Future<Path> two = threads.submit(() -> store.blob(source, FIELD, listener));
            assertThat(one.get()).isEqualTo(two.get()).hasBinaryContent(content);
            assertThat(requests).hasValue(1);
        } finally {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    private FieldRejectedException rejected(ImageSource source) {
        FieldRejectedException e =
                catchThrowableOfType(FieldRejectedException.class, () -> store.image(source, FIELD, progress::add));
        assertThat(e).as("refused").isNotNull();
        return e;
    }

    private static ImageSource file(String path) {
        return new ImageSource.FileSource(path, Optional.empty());
    }

    private String path(String name) {
        return pool.resolve(name).toString();
    }

    private List<Path> cachedFiles() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private List<Path> temporaryFiles() throws IOException {
        try (Stream<Path> files = Files.list(cache.resolve("tmp"))) {
            return files.toList();
        }
    }

    private static String digest(Path file) throws IOException {
        return HexFormat.of().formatHex(Sha256.newDigest().digest(Files.readAllBytes(file)));
    }

    private static void qemuImg(String... arguments) throws Exception {
        List<String> argv = new ArrayList<>(List.of("qemu-img"));
        argv.addAll(List.of(arguments));
        Process process = new ProcessBuilder(argv).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
