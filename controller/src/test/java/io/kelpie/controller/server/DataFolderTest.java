package io.kelpie.controller.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    @TempDir
    private Path folder;

    @Test
    void keepsItsIdFromProcessToProcess() throws Exception {
        UUID id = taken(folder.resolve("a"), "m1");
        assertThat(taken(folder.resolve("a"), "m1")).isEqualTo(id);
        assertThat(taken(folder.resolve("b"), "m1")).isNotEqualTo(id);
    }

    @Test
    void oneProcessUsesItAtATime() throws Exception {
        try (DataFolder held = DataFolder.take(folder, "m1")) {
            assertThat(held.id()).isNotNull();
            assertThatThrownBy(() -> DataFolder.take(folder, "m1"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another controller uses the dataFolder")
                    .hasMessageContaining("Fix: end it");
        }
        DataFolder.take(folder, "m1").close();
    }

    @Test
    void aCopyIsRefused() throws Exception {
        Path original = folder.resolve("a");
        taken(original, "m1");
        Path copy = Files.createDirectories(folder.resolve("b"));
        Files.copy(original.resolve("controller"), copy.resolve("controller"));
        assertThatThrownBy(() -> DataFolder.take(copy, "m1"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("was copied or moved from " + original.toRealPath())
                .hasMessageContaining("Fix: on a copy, remove it");
        assertThatThrownBy(() -> DataFolder.take(original, "m2"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("belongs to the machine with id 'm1'");
    }

    @Test
    void aDamagedFileIsNotGuessed() throws Exception {
        Files.writeString(folder.resolve("controller"), "folder-id ");
        assertThatThrownBy(() -> DataFolder.take(folder, "m1"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("does not say which controller this is");
    }

    private static UUID taken(Path folder, String machineId) throws IOException {
        try (DataFolder held = DataFolder.take(folder, machineId)) {
            return held.id();
        }
    }
}
