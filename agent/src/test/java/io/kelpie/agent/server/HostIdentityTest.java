package io.kelpie.agent.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostIdentityTest {
    @TempDir
    Path folder;

    @Test
    void aHostKeepsItsId() throws Exception {
        UUID first;
        try (HostIdentity identity = HostIdentity.take(folder.resolve("data"), "m1")) {
            first = identity.hostId();
        }
        try (HostIdentity identity = HostIdentity.take(folder.resolve("data"), "m1")) {
            assertThat(identity.hostId()).isEqualTo(first);
        }
    }

    @Test
    void aCopiedFolderIsRefused() throws Exception {
        HostIdentity.take(folder, "m1").close();
        assertThatThrownBy(() -> HostIdentity.take(folder, "m2"))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("'m1'")
                .hasMessageContaining("'m2'")
                .hasMessageContaining("Fix:");
        HostIdentity.take(folder, "m1").close();
    }

    @Test
    void aFolderInUseIsRefused() throws Exception {
        try (HostIdentity identity = HostIdentity.take(folder, "m1")) {
            assertThat(identity.hostId()).isNotNull();
            assertThatThrownBy(() -> HostIdentity.take(folder, "m1"))
                    .isInstanceOf(StartupException.class)
                    .hasMessageContaining("another agent");
        }
    }

    @Test
    void aDamagedIdIsNotReplaced() throws Exception {
        Files.writeString(folder.resolve("host"), "host-id nonsense\nmachine-id m1\n");
        assertThatThrownBy(() -> HostIdentity.take(folder, "m1"))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("Fix:");
        assertThat(folder.resolve("host")).hasContent("host-id nonsense\nmachine-id m1\n");
    }
}
