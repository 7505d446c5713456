package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LibvirtHandleTest {
    @Test
    void isReadAsItWasWritten() throws Exception {
        LibvirtHandle handle = LibvirtHandle.of(Specs.of(Path.of("/a b/c,d:e/%41\u00fc+"), UUID.randomUUID(), 3));

        assertThat(handle.encode().data()).matches("[!-~]+");
        assertThat(LibvirtHandle.parse(handle.encode())).isEqualTo(handle);
    }

    @Test
    void thatOfAnotherDriverOrVersionIsRefused() {
        assertRefused(new DriverHandle(DriverKind.QEMU, 1, "kelpie-a:b"));
        assertRefused(new DriverHandle(DriverKind.LIBVIRT, 2, "kelpie-a:b"));
        assertRefused(new DriverHandle(DriverKind.LIBVIRT, 1, "kelpie-a"));
    }

    private static void assertRefused(DriverHandle handle) {
        assertThatThrownBy(() -> LibvirtHandle.parse(handle)).isInstanceOf(DriverException.class);
    }
}
