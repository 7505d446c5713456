package io.kelpie.agent.driver.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InstanceFilesTest {
    @TempDir
    private Path folder;

    @Test
    void aHandleLeadsBackToTheFolders() throws Exception {
        InstanceFiles files = new InstanceFiles(Path.of("/var/lib/a b,c/ü"), Path.of("/run/k/0"));

        assertThat(InstanceFiles.of(files.handle())).isEqualTo(files);
        assertThat(files.handle().data()).matches("[!-~]+");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "a.b.c", "???.a", "L3Zhcg"})
    void aMalformedHandleIsRefused(String data) {
        assertThatThrownBy(() -> InstanceFiles.of(new DriverHandle(DriverKind.QEMU, 1, data)))
                .isInstanceOf(DriverException.class);
    }

    @Test
    void aHandleOfAnotherDriverOrVersionIsRefused() {
        String data = new InstanceFiles(folder, folder).handle().data();

        assertThatThrownBy(() -> InstanceFiles.of(new DriverHandle(DriverKind.LIBVIRT, 1, data)))
                .isInstanceOf(DriverException.class);
        assertThatThrownBy(() -> InstanceFiles.of(new DriverHandle(DriverKind.QEMU, 2, data)))
                .isInstanceOf(DriverException.class);
    }

    @Test
    void theStderrTailIsTheLast2KiB() throws Exception {
        InstanceFiles files = new InstanceFiles(folder, folder);
        assertThat(files.stderrTail()).isEmpty();

        Files.writeString(files.stderrFile(), "x".repeat(5000) + "the end\n");

        assertThat(files.stderrTail()).hasSizeLessThanOrEqualTo(2048).endsWith("xthe end");
    }

    @Test
    void closingTwiceIsClosingOnce() throws Exception {
        InstanceFiles files = new InstanceFiles(folder, folder);

        assertThat(files.close()).isTrue();
        assertThat(files.close()).isTrue();

        assertThat(files.lockFile()).hasContent("closed");
    }

    @Test
    void anInstanceWithoutAFolderNeedsNoClosing() throws Exception {
        InstanceFiles files = new InstanceFiles(folder.resolve("missing"), folder);

        assertThat(files.close()).isTrue();

        assertThat(files.instanceFolder()).doesNotExist();
    }
}
