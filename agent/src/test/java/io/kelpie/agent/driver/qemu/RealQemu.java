package io.kelpie.agent.driver.qemu;

import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Path;

/** Where the tests' QEMU and guard are. */
final class RealQemu {
    static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");
    static final Path GUARD = Path.of("target", "native", "kelpie-guard").toAbsolutePath();

    private RealQemu() {}

    static QemuDriver driver(Path instancesRoot) throws IOException {
        return new QemuDriver(QEMU, GUARD, instancesRoot, TimeSource.system(), QemuTimeouts.standard());
    }
}
