package io.kelpie.agent.driver.libvirt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A user and group as whom QEMU runs. */
record DacLabel(int uid, int gid) {
    /** Those of this process. */
    static DacLabel ofThisProcess() throws IOException {
        Path self = Path.of("/proc/self");
        return new DacLabel(
                (Integer) Files.getAttribute(self, "unix:uid"), (Integer) Files.getAttribute(self, "unix:gid"));
    }

    /** By number, as libvirt's security model {@code dac} writes it. */
    @Override
    public String toString() {
        return "+" + uid + ":+" + gid;
    }
}
