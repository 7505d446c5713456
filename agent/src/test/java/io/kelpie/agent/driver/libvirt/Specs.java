package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/** Launch specs of small guests. */
final class Specs {
    private Specs() {}

    /** A guest with one raw disk, {@code <folder>/root.raw}, that does not exist yet. */
    static LaunchSpec of(Path folder, UUID vmId, long incarnation) {
        return new LaunchSpec.Builder(
                        new InstanceId(vmId, incarnation),
                        "web-0",
                        Accelerator.TCG,
                        folder.resolve("serial.log"),
                        folder,
                        folder)
                .size(1, 16)
                .disks(List.of(
                        disk("root", folder.resolve("root.raw"), LaunchSpec.DiskFormat.RAW, LaunchSpec.Bus.VIRTIO)))
                .build();
    }

    static LaunchSpec.Disk disk(String name, Path file, LaunchSpec.DiskFormat format, LaunchSpec.Bus bus) {
        return new LaunchSpec.Disk(name, file, format, bus, false);
    }
}
