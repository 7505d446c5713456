package io.kelpie.agent.driver.libvirt;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Launch specs of small guests. */
final class Specs {
    private Specs() {}

    /** A guest with one raw disk, {@code <folder>/root.raw}, that does not exist yet. */
    static LaunchSpec of(Path folder, UUID vmId, long incarnation) {
        return new LaunchSpec(
                new InstanceId(vmId, incarnation),
                "web-0",
                1,
                16,
                Accelerator.TCG,
                Optional.empty(),
                List.of(disk("root", folder.resolve("root.raw"), LaunchSpec.DiskFormat.RAW, LaunchSpec.Bus.VIRTIO)),
                List.of(),
                folder.resolve("serial.log"),
                folder,
                folder,
                Optional.empty());
    }

    static LaunchSpec.Disk disk(String name, Path file, LaunchSpec.DiskFormat format, LaunchSpec.Bus bus) {
        return new LaunchSpec.Disk(name, file, format, bus, false);
    }

    static LaunchSpec sized(LaunchSpec spec, int vcpus, long memoryMib) {
        return new LaunchSpec(
                spec.id(),
                spec.vmName(),
                vcpus,
                memoryMib,
                spec.accelerator(),
                spec.kernel(),
                spec.disks(),
                spec.nics(),
                spec.serialLog(),
                spec.instanceFolder(),
                spec.runFolder(),
                spec.lease());
    }

    static LaunchSpec with(LaunchSpec spec, Accelerator accelerator) {
        return new LaunchSpec(
                spec.id(),
                spec.vmName(),
                spec.vcpus(),
                spec.memoryMib(),
                accelerator,
                spec.kernel(),
                spec.disks(),
                spec.nics(),
                spec.serialLog(),
                spec.instanceFolder(),
                spec.runFolder(),
                spec.lease());
    }

    static LaunchSpec with(LaunchSpec spec, List<LaunchSpec.Disk> disks, List<LaunchSpec.Nic> nics) {
        return new LaunchSpec(
                spec.id(),
                spec.vmName(),
                spec.vcpus(),
                spec.memoryMib(),
                spec.accelerator(),
                spec.kernel(),
                disks,
                nics,
                spec.serialLog(),
                spec.instanceFolder(),
                spec.runFolder(),
                spec.lease());
    }

    static LaunchSpec with(LaunchSpec spec, LaunchSpec.KernelBoot kernel) {
        return new LaunchSpec(
                spec.id(),
                spec.vmName(),
                spec.vcpus(),
                spec.memoryMib(),
                spec.accelerator(),
                Optional.of(kernel),
                spec.disks(),
                spec.nics(),
                spec.serialLog(),
                spec.instanceFolder(),
                spec.runFolder(),
                spec.lease());
    }
}
