package io.kelpie.agent.capability;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.kelpie.agent.driver.Accelerator;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Boots {@link ProbeGuest} in QEMU, with a deadline. Leaves no process and no file. Safe to use from several threads. */
final class QemuGuestProbe implements GuestProbe {
    private static final Duration EXIT_GRACE = Duration.ofSeconds(2);
    private static final int MAX_STDERR_CHARS = 300;

    private final Path qemuBinary;
    private final Path scratchFolder;
    private final TimeSource time;
    private final Duration deadline;

    QemuGuestProbe(Path qemuBinary, Path scratchFolder, TimeSource time, Duration deadline) {
        this.qemuBinary = qemuBinary;
        this.scratchFolder = scratchFolder.toAbsolutePath();
        this.time = time;
        this.deadline = deadline;
    }

    @Override
    public ProbeResult boot(Accelerator accelerator) throws InterruptedException {
        try {
            Path folder = Files.createTempDirectory(scratchFolder, "probe-");
            Path disk = folder.resolve("boot");
            Path stderr = folder.resolve("stderr");
            try {
                Files.write(disk, ProbeGuest.bootSector());
                return boot(accelerator, disk, stderr);
            } finally {
                Files.deleteIfExists(disk);
                Files.deleteIfExists(stderr);
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            return new ProbeResult(ProbeResult.Outcome.FAILED, 0, "QEMU could not be run: " + e.getMessage());
        }
    }

    private ProbeResult boot(Accelerator accelerator, Path disk, Path stderr) throws IOException, InterruptedException {
        long start = time.nanoTime();
        Process process = new ProcessBuilder(argv(accelerator, disk))
                .redirectError(stderr.toFile())
                .start();
        AtomicBoolean late = new AtomicBoolean();
        CompletableFuture.delayedExecutor(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() -> {
                    if (process.isAlive()) {
                        late.set(true);
                        process.destroyForcibly();
                    }
                });
        boolean realMode = false;
        long realModeMillis = 0;
        try {
            process.getOutputStream().close();
            InputStream port = process.getInputStream();
            for (int read = port.read(); read >= 0; read = port.read()) {
                if (read == ProbeGuest.REAL_MODE && !realMode) {
                    realMode = true;
                    realModeMillis = millisSince(start);
                } else if (read == ProbeGuest.LONG_MODE && realMode) {
                    long millis = millisSince(start);
                    return new ProbeResult(
                            ProbeResult.Outcome.VERIFIED,
                            millis,
                            "a guest reached 64-bit mode, with paging and a page fault handled, under " + accelerator
                                    + " in " + millis + " ms");
                }
            }
            process.waitFor(EXIT_GRACE.toMillis(), TimeUnit.MILLISECONDS);
            String end = end(process, late.get(), stderr);
            return realMode
                    ? new ProbeResult(
                            ProbeResult.Outcome.FIRMWARE_ONLY,
                            realModeMillis,
                            "under " + accelerator + " real-mode code ran after " + realModeMillis
                                    + " ms, but 64-bit mode with paging was not reached: " + end)
                    : new ProbeResult(
                            ProbeResult.Outcome.FAILED,
                            millisSince(start),
                            "under " + accelerator + " nothing of the guest ran: " + end);
        } finally {
            if (!process.waitFor(EXIT_GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly().waitFor(EXIT_GRACE.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
    }

    private List<String> argv(Accelerator accelerator, Path disk) {
        String accel = switch (accelerator) {
            case KVM -> "kvm";
            case TCG -> "tcg,tb-size=8";
        };
        return List.of(
                qemuBinary.toString(),
                "-nodefaults",
                "-no-user-config",
                "-display",
                "none",
                "-machine",
                "pc",
                "-accel",
                accel,
                "-m",
                "16",
                "-net",
                "none",
                "-no-reboot",
                "-blockdev",
                json(Map.of(
                        "driver",
                        "raw",
                        "node-name",
                        "boot",
                        "file",
                        Map.of("driver", "file", "filename", disk.toString()))),
                "-device",
                "ide-hd,drive=boot",
                "-chardev",
                "stdio,id=port,signal=off",
                "-device",
                "isa-debugcon,iobase=" + ProbeGuest.DEBUG_PORT + ",chardev=port",
                "-device",
                "isa-debug-exit,iobase=" + ProbeGuest.EXIT_PORT + ",iosize=1");
    }

    private String end(Process process, boolean late, Path stderr) throws IOException {
        if (late) {
            return "it was killed after " + deadline.toSeconds() + " s";
        }
        String said =
                Files.exists(stderr) ? new String(Files.readAllBytes(stderr), StandardCharsets.UTF_8).strip() : "";
        String tail = said.length() <= MAX_STDERR_CHARS ? said : said.substring(said.length() - MAX_STDERR_CHARS);
        String code = process.isAlive() ? "QEMU hangs" : "QEMU ended with exit code " + process.exitValue();
        return tail.isEmpty() ? code : code + ": " + tail;
    }

    private long millisSince(long startNanos) {
        return TimeUnit.NANOSECONDS.toMillis(time.nanoTime() - startNanos);
    }

    private static String json(Map<String, Object> value) {
        try {
            return JsonMapper.builder().build().writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new AssertionError("maps of text can be written", e);
        }
    }
}
