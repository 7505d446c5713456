package io.kelpie.controller.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileClusterPinsTest {
    private static final UUID OURS = UUID.fromString("00000000-0000-4000-8000-000000000001");
    private static final UUID OTHER = UUID.fromString("00000000-0000-4000-8000-000000000002");

    @TempDir
    private Path folder;

    @Test
    void whatWasKeptIsThereInTheNextLife() throws IOException {
        FileClusterPins pins = FileClusterPins.open(folder);
        assertThat(pins.get()).isEmpty();
        pins.raise(OURS, 3);
        pins.raise(OURS, 2);
        assertThat(pins.get()).contains(new ClusterPin(OURS, 3));
        assertThat(FileClusterPins.open(folder).get()).contains(new ClusterPin(OURS, 3));
        pins.replace(new ClusterPin(OTHER, 1));
        assertThat(FileClusterPins.open(folder).get()).contains(new ClusterPin(OTHER, 1));
        try (var files = Files.list(folder)) {
            assertThat(files).containsExactly(folder.resolve(FileClusterPins.NAME));
        }
    }

    @Test
    void theFileHasItsDocumentedForm() throws IOException {
        FileClusterPins.open(folder).raise(OURS, 42);
        assertThat(Files.readString(folder.resolve("cluster")))
                .matches("kelpie-cluster 1\ncluster " + OURS + "\nepoch 42\ncrc32 [0-9a-f]{8}\n");
    }

    @Test
    void raisingToAnotherClusterIsADefect() throws IOException {
        FileClusterPins pins = FileClusterPins.open(folder);
        pins.raise(OURS, 3);
        assertThatThrownBy(() -> pins.raise(OTHER, 4)).isInstanceOf(IllegalStateException.class);
        assertThat(pins.get()).contains(new ClusterPin(OURS, 3));
    }

    @Test
    void everyDamageIsRefusedWithTheFixAndLeftAsItIs() throws IOException {
        FileClusterPins.open(folder).raise(OURS, 42);
        Path file = folder.resolve(FileClusterPins.NAME);
        byte[] whole = Files.readAllBytes(file);
        for (int length = 0; length < whole.length; length++) {
            refused(file, java.util.Arrays.copyOf(whole, length));
        }
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 1;
            refused(file, flipped);
        }
        Files.write(file, whole);
        assertThat(FileClusterPins.open(folder).get()).isEqualTo(Optional.of(new ClusterPin(OURS, 42)));
    }

    private void refused(Path file, byte[] damaged) throws IOException {
        Files.write(file, damaged);
        assertThatThrownBy(() -> FileClusterPins.open(folder))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("Fix: ");
        assertThat(Files.readAllBytes(file)).isEqualTo(damaged);
    }

    @Test
    void aPinThatCannotBeWrittenIsAsBefore() throws IOException {
        FileClusterPins pins = FileClusterPins.open(folder);
        pins.raise(OURS, 3);
        Files.createDirectory(folder.resolve("cluster.tmp"));
        assertThatThrownBy(() -> pins.raise(OURS, 4)).isInstanceOf(IOException.class);
        assertThat(pins.get()).contains(new ClusterPin(OURS, 3));
    }
}
