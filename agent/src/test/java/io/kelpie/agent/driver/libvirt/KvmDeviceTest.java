package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvmDeviceTest {
    @Test
    void complainsOfADeviceThatIsShut(@TempDir Path folder) throws Exception {
        Path device = Files.createFile(folder.resolve("kvm"));

        Files.setPosixFilePermissions(device, PosixFilePermissions.fromString("rw-------"));
        assertThat(KvmDevice.complaint(device))
                .hasValueSatisfying(
                        text -> assertThat(text).contains(device.toString()).contains("chmod 660"));
        Files.setPosixFilePermissions(device, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(KvmDevice.complaint(device)).isPresent();

        Files.setPosixFilePermissions(device, PosixFilePermissions.fromString("rw-rw-rw-"));
        assertThat(KvmDevice.complaint(device)).isEmpty();
        assertThat(KvmDevice.complaint(folder.resolve("none"))).isEmpty();
    }
}
