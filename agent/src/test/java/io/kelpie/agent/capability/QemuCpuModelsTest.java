package io.kelpie.agent.capability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.Accelerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuCpuModelsTest {
    @TempDir
    Path folder;

    @Test
    void modelsWithEveryFeatureAreTaken() throws Exception {
        assertThat(QemuCpuModels.parse("""
                        {"QMP": {"version": {}, "capabilities": ["oob"]}}
                        {"return": {}}
                        {"return": [{"name": "qemu64", "unavailable-features": []}, \
                        {"name": "max", "unavailable-features": []}, {"name": "unknown"}, \
                        {"name": "EPYC", "unavailable-features": ["svm"]}, \
                        {"name": "Nehalem", "unavailable-features": []}], "id": "models"}
                        {"timestamp": {}, "event": "SHUTDOWN"}
                        """)).containsExactly("Nehalem", "qemu64");
    }

    @Test
    void anErrorAndSilenceAreTold() {
        assertThatThrownBy(() -> QemuCpuModels.parse(
                        "{\"id\": \"models\", \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("CommandNotFound");
        assertThatThrownBy(() -> QemuCpuModels.parse("{\"QMP\": {}}\n{\"return\": ["))
                .isInstanceOf(IOException.class)
                .hasMessage("QEMU gave no answer");
    }

    @Test
    void aQemuThatHangsOrIsNotThereHasNoModels() throws Exception {
        Path script = Files.writeString(folder.resolve("qemu"), "#!/bin/sh\nexec sleep 60\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(new QemuCpuModels(script, Duration.ofMillis(200)).usable(Accelerator.TCG))
                .isEmpty();
        assertThat(new QemuCpuModels(folder.resolve("none"), Duration.ofSeconds(1)).usable(Accelerator.TCG))
                .isEmpty();
    }

    @Test
    @Tag("real")
    void realQemuTellsWhatTcgCanEmulate() throws Exception {
        assertThat(new QemuCpuModels(Path.of("qemu-system-x86_64"), Duration.ofSeconds(20)).usable(Accelerator.TCG))
                .contains("qemu64", "Nehalem", "Westmere")
                .doesNotContain("host", "max", "base", "Icelake-Server");
    }
}
