package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostIdentityTest {
    private static final Machine M1 = new Machine("b", "m1", "", "h");
    private static final Machine M2 = new Machine("b", "m2", "", "h");

    @TempDir
    Path folder;

    @Test
    void aHostKeepsItsId() throws Exception {
        UUID first;
        try (HostIdentity identity = HostIdentity.take(folder.resolve("data"), M1)) {
            first = identity.hostId();
        }
        try (HostIdentity identity = HostIdentity.take(folder.resolve("data"), M1)) {
            assertThat(identity.hostId()).isEqualTo(first);
        }
    }

    @Test
    void aCopiedFolderIsRefused() throws Exception {
        HostIdentity.take(folder, M1).close();
        assertThatThrownBy(() -> HostIdentity.take(folder, M2))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("'m1'")
                .hasMessageContaining("'m2'")
                .hasMessageContaining("Fix:");
        HostIdentity.take(folder, M1).close();
    }

    @Test
    void aFolderInUseIsRefused() throws Exception {
        try (HostIdentity identity = HostIdentity.take(folder, M1)) {
            assertThat(identity.hostId()).isNotNull();
            assertThatThrownBy(() -> HostIdentity.take(folder, M1))
                    .isInstanceOf(StartupException.class)
                    .hasMessageContaining("another agent");
        }
    }

    @Test
    void aDamagedIdIsNotReplaced() throws Exception {
        Files.writeString(folder.resolve("host"), "host-id nonsense\nmachine-id m1\n");
        assertThatThrownBy(() -> HostIdentity.take(folder, M1))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("Fix:");
        assertThat(folder.resolve("host")).hasContent("host-id nonsense\nmachine-id m1\n");
    }

    @Test
    void aClonedMachineIsRefusedByItsFirmwaresId() throws Exception {
        HostIdentity.take(folder, firmware("u1")).close();
        assertThatThrownBy(() -> HostIdentity.take(folder, firmware("u2")))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("'u1'")
                .hasMessageContaining("'u2'")
                .hasMessageContaining("Fix:");
        HostIdentity.take(folder, M1).close(); // as a user who may not read it
        HostIdentity.take(folder, firmware("u1")).close();
    }

    private static Machine firmware(String productId) {
        return new Machine("b", "m1", productId, "h");
    }

    @Test
    void whatAnOlderAgentWroteIsCompleted() throws Exception {
        UUID hostId = UUID.randomUUID();
        Files.writeString(folder.resolve("host"), "host-id " + hostId + "\nmachine-id m1\n");
        try (HostIdentity identity = HostIdentity.take(folder, firmware("u1"))) {
            assertThat(identity.hostId()).isEqualTo(hostId);
        }
        assertThatThrownBy(() -> HostIdentity.take(folder, firmware("u2"))).isInstanceOf(StartupException.class);
    }

    @Test
    void aCopyOfTheFolderOnTheSameMachineIsRefused() throws Exception {
        Path original = folder.resolve("original");
        Path copy = folder.resolve("copy");
        HostIdentity.take(original, M1).close();
        Files.createDirectory(copy);
        Files.copy(original.resolve("host"), copy.resolve("host"));
        assertThatThrownBy(() -> HostIdentity.take(copy, M1))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining(original.toRealPath().toString())
                .hasMessageContaining("Fix:");
        HostIdentity.take(original, M1).close();
    }

    @Test
    void aRunFolderIsUsedByOneAgent() throws Exception {
        try (FolderLock lock = FolderLock.take(folder, "runFolder")) {
            assertThat(lock).isNotNull();
            assertThatThrownBy(() -> FolderLock.take(folder, "runFolder"))
                    .isInstanceOf(StartupException.class)
                    .hasMessageContaining("runFolder " + folder)
                    .hasMessageContaining("Fix:");
        }
    }
}
