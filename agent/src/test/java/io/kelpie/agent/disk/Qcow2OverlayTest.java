package io.kelpie.agent.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.image.Qcow2Builder;
import io.kelpie.agent.image.Qcow2Header;
import io.kelpie.agent.process.BoundedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2OverlayTest {
    private static final long PIB_MIB = 1L << 30;

    @TempDir
    Path folder;

    @Test
    void itsHeaderNamesTheBackingFileAndTheSize() throws Exception {
        Path backing = folder.resolve("bäse, with a comma.qcow2");
        Files.createFile(backing);
        Path overlay = Files.createFile(folder.resolve("overlay.qcow2"));
        Qcow2Overlay.write(overlay, backing, DiskFormat.QCOW2, 10);
        Qcow2Header header = Qcow2Header.read(overlay);
        assertThat(header.backingFile()).isEqualTo(Optional.of(backing.toString()));
        assertThat(header.virtualSizeBytes()).isEqualTo(10L << 20);
        assertThat(header.hasDataFileName()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 512, 513, 4 << 20, 16 << 20, 2 * PIB_MIB})
    @Tag("real")
    void qemuFindsItSoundAndSeesTheBackingFileThroughIt(long sizeMib) throws Exception {
        Path backing = Qcow2Builder.qcow2().writeTo(folder.resolve("base.qcow2"));
        Path overlay = Files.createFile(folder.resolve("overlay.qcow2"));
        Qcow2Overlay.write(overlay, backing, DiskFormat.QCOW2, sizeMib);
        run("qemu-img", "check", "-f", "qcow2", overlay.toString());
        assertThat(new QemuImg(Path.of("qemu-img")).info(overlay, DiskFormat.QCOW2))
                .isEqualTo(new QemuImg.Info(sizeMib << 20, Optional.of(backing.toString()), Optional.empty(), false));
        assertThat(run("qemu-img", "info", "-f", "qcow2", overlay.toString())).contains("backing file format: qcow2");
    }

    @Test
    @Tag("real")
    void whatAGuestWritesGoesIntoTheOverlayAlone() throws Exception {
        Path backing = Files.write(folder.resolve("base.raw"), content((byte) 7));
        Path overlay = Files.createFile(folder.resolve("overlay.qcow2"));
        Qcow2Overlay.write(overlay, backing, DiskFormat.RAW, 8);
        run("qemu-img", "compare", "-f", "raw", "-F", "qcow2", backing.toString(), overlay.toString());
        run("qemu-io", "-f", "qcow2", "-c", "write -P 9 512k 1M", "-c", "read -P 7 0 512k", overlay.toString());
        assertThat(run("qemu-io", "-f", "qcow2", "-c", "read -P 9 512k 1M", overlay.toString()))
                .doesNotContain("verification failed");
        run("qemu-img", "check", "-f", "qcow2", overlay.toString());
        assertThat(Files.readAllBytes(backing)).isEqualTo(content((byte) 7));
    }

    @Test
    void whatQcow2CannotSayIsRefused() throws Exception {
        Path overlay = Files.createFile(folder.resolve("overlay.qcow2"));
        Path backing = Files.createFile(folder.resolve("base.raw"));
        assertThatThrownBy(() -> Qcow2Overlay.write(overlay, Path.of("base.qcow2"), DiskFormat.QCOW2, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Qcow2Overlay.write(overlay, backing, DiskFormat.RAW, 2 * PIB_MIB + 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Qcow2Overlay.write(overlay, folder.resolve("missing"), DiskFormat.RAW, 1))
                .isInstanceOf(NoSuchFileException.class);
        Path deep = folder;
        for (int i = 0; i < 5; i++) {
            deep = Files.createDirectory(deep.resolve("x".repeat(220)));
        }
        Path far = Files.createFile(deep.resolve("base"));
        assertThatThrownBy(() -> Qcow2Overlay.write(overlay, far, DiskFormat.RAW, 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too long");
        assertThat(overlay).isEmptyFile();
    }

    private static byte[] content(byte value) {
        byte[] bytes = new byte[1 << 20];
        Arrays.fill(bytes, value);
        return bytes;
    }

    private static String run(String... command) throws IOException {
        BoundedCommand.Result result = new BoundedCommand(Duration.ofSeconds(60), 1 << 20).run(List.of(command));
        String output = result.stdout() + result.stderr();
        assertThat(result.exitCode()).as(output).isZero();
        return output;
    }
}
