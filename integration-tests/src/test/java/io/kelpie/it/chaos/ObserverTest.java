package io.kelpie.it.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.it.cluster.Commands;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The observer that says "never two, and nothing lost" must be one that sees two, and sees what is lost. */
@Tag("real")
class ObserverTest {
    private static final int HEAD_BYTES = 64 * 512;
    private static final int RING_BYTES = 128 * 512;

    @TempDir
    private Path folder;

    @Test
    void twoProcessesOfOneVmOverlapForAsLongAsBothLive() throws Exception {
        String vm = UUID.randomUUID().toString();
        Process first = likeQemu(vm);
        Process second = null;
        try (Watcher watcher = Watcher.start(folder.resolve("none"), folder.resolve("log"), line -> {})) {
            await().until(() -> watcher.only(vm).isPresent());
            assertThat(watcher.overlapMillis(vm)).isZero();

            second = likeQemu(vm);
            long begin = Watcher.now();
            // While it lasts, too: two that stay would never be told otherwise.
            await().until(() -> {
                watcher.sync();
                return watcher.overlapMillis(vm) >= 500;
            });
            second.destroyForcibly().waitFor();
            watcher.sync();
            assertThat(watcher.overlapMillis(vm)).isBetween(500L, Watcher.now() - begin + 1_000);
            assertThat(ends(watcher, vm)).isEqualTo(1);
            assertThat(watcher.only(vm)).isPresent();
        } finally {
            first.destroyForcibly();
            if (second != null) {
                second.destroyForcibly();
            }
        }
    }

    @Test
    void oneAfterTheOtherIsNoOverlap() throws Exception {
        String vm = UUID.randomUUID().toString();
        try (Watcher watcher = Watcher.start(folder.resolve("none"), folder.resolve("log"), line -> {})) {
            for (int i = 0; i < 3; i++) {
                int ended = i;
                Process process = likeQemu(vm);
                try {
                    await().until(() -> watcher.only(vm).isPresent());
                } finally {
                    process.destroyForcibly().waitFor();
                }
                await().until(() -> ends(watcher, vm) == ended + 1);
            }
            watcher.sync();
            assertThat(watcher.overlapMillis(vm)).isZero();
            assertThat(watcher.startsSince(0).stream()
                            .filter(start -> start.qemu().vm().equals(vm)))
                    .hasSize(3);
        }
    }

    @Test
    void aNumberThatFallsAndASecondWriterAreBreaks() throws Exception {
        String vm = UUID.randomUUID().toString();
        Path kept = Files.createDirectories(folder.resolve("disks").resolve(vm).resolve("kept"));
        Path image = folder.resolve("image");
        SequenceGuest.writeTo(image);
        write(image, 0, 1, 1, 77);
        Path disk = kept.resolve("root.qcow2");
        Commands.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", image.toString(), disk.toString());
        long head = headOf(disk);
        try (Watcher watcher = Watcher.start(folder.resolve("disks"), folder.resolve("log"), line -> {})) {
            watcher.sync();
            write(disk, head, 5, 1, 77);
            watcher.sync();
            assertThat(watcher.diskFaults()).isEmpty();

            write(disk, head, 6, 1, 99);
            await().until(() -> watcher.diskFaults().size() == 1);
            assertThat(watcher.diskFaults().get(0)).contains("two writers");

            write(disk, head, 3, 1, 99);
            await().until(() -> watcher.diskFaults().size() == 2);
            assertThat(watcher.diskFaults().get(1)).contains("fell from 6 to 3");
            watcher.close();
            assertThat(watcher.summary().diskReads()).isPositive();
            assertThat(watcher.summary().numbers()).isEqualTo(6); // 1, from 1 to 5, from 5 to 6
        }
    }

    @Test
    void anObserverThatHasSeenLittleProvesNothing() {
        assertThat(new Watcher.Summary(1_000, 120, 50, 10).doubts()).isEmpty();
        assertThat(new Watcher.Summary(0, 0, 50, 10).doubts()).hasSize(1);
        assertThat(new Watcher.Summary(1_000, 2_001, 50, 10).doubts()).hasSize(1);
        assertThat(new Watcher.Summary(1_000, 120, 0, 0).doubts()).hasSize(2);
        assertThat(new Watcher.Summary(1_000, 120, 50, 0).doubts()).hasSize(1);
    }

    /** Others on this machine run QEMUs too. */
    private static long ends(Watcher watcher, String vm) {
        return watcher.endsSince(0).stream()
                .filter(end -> end.qemu().vm().equals(vm))
                .count();
    }

    /** Where the disk's first cluster lies in the file: the head is the first record of a number. */
    private static long headOf(Path disk) throws IOException {
        byte[] bytes = Files.readAllBytes(disk);
        for (int at = 0; at + 16 < bytes.length; at += 512) {
            // The record of number 1, boot 1, token 77, little endian.
            if (bytes[at] == 0x51 && bytes[at + 1] == 0x53 && bytes[at + 4] == 1 && bytes[at + 12] == 77) {
                return at - HEAD_BYTES;
            }
        }
        throw new IOException("no head in " + disk);
    }

    /** As the guest does: to the ring, then to the head. */
    private static void write(Path file, long base, int number, int boots, int token) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            for (long record : new long[] {RING_BYTES + 512L * number, HEAD_BYTES}) {
                opened.seek(base + record + 4);
                for (int value : new int[] {number, boots, token}) {
                    opened.writeInt(Integer.reverseBytes(value));
                }
            }
        }
    }

    /** A process that waits, and whose command line looks like QEMU's. */
    private Process likeQemu(String vm) throws IOException {
        return new ProcessBuilder(
                        "bash",
                        "-c",
                        "exec -a /usr/bin/qemu-system-x tail -F -- -uuid \"$0\" \"$1\"",
                        vm,
                        folder + "/disk")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
