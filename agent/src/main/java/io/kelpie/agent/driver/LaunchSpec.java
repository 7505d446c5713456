package io.kelpie.agent.driver;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * All that a driver needs to run an instance; every path exists and was checked, every choice is made.
 *
 * @param id the instance
 * @param vmName the VM's name, valid by {@code Names}
 * @param vcpus virtual CPUs
 * @param memoryMib guest memory, in MiB
 * @param accelerator what executes the guest
 * @param kernel kernel to load directly; empty: the firmware boots the first disk
 * @param disks disks, the boot disk first
 * @param nics network interfaces
 * @param serialLog file that gets all that the guest prints on its first serial port; appended to
 * @param instanceFolder durable folder of this instance, on disk; the driver may keep files of its own there
 * @param runFolder folder of this instance for sockets, with a short path, mode 0700; gone after a reboot
 * @param lease the lease that the instance runs under; empty: it is not leased, and runs until someone ends it
 * @param hardware what its CPUs and memory are made of
 */
public record LaunchSpec(
        InstanceId id,
        String vmName,
        int vcpus,
        long memoryMib,
        Accelerator accelerator,
        Optional<KernelBoot> kernel,
        List<Disk> disks,
        List<Nic> nics,
        Path serialLog,
        Path instanceFolder,
        Path runFolder,
        Optional<LeaseBond> lease,
        GuestHardware hardware) {
    public LaunchSpec {
        disks = List.copyOf(disks);
        nics = List.copyOf(nics);
    }

    /** The same instance, bound to a lease. */
    public LaunchSpec leased(LeaseBond bond) {
        return toBuilder().lease(bond).build();
    }

    /** To be changed; this one stays as it is. */
    public Builder toBuilder() {
        Builder builder = new Builder(id, vmName, accelerator, serialLog, instanceFolder, runFolder);
        builder.vcpus = vcpus;
        builder.memoryMib = memoryMib;
        builder.kernel = kernel;
        builder.disks = disks;
        builder.nics = nics;
        builder.lease = lease;
        builder.hardware = hardware;
        return builder;
    }

    /** For a driver that runs no leased instances; {@code why} says so. */
    public void refuseIfLeased(String why) throws DriverException {
        if (lease.isPresent()) {
            throw new DriverException("instance " + id + " cannot be started under a lease: " + why);
        }
    }

    /** A Linux kernel that the hypervisor loads itself. */
    public record KernelBoot(Path kernel, Optional<Path> initrd, String cmdline) {}

    /** Format of a disk's file; never probed. */
    public enum DiskFormat {
        RAW,
        QCOW2
    }

    /** How a disk is attached. */
    public enum Bus {
        VIRTIO,
        /** SATA, for guests without virtio. */
        IDE,
        /** Read-only CD-ROM. */
        CDROM
    }

    /**
     * A disk.
     *
     * @param name the guest sees it as the disk's serial
     * @param file its file
     * @param format format of the file
     * @param bus how it is attached
     * @param readOnly whether the guest may not write
     */
    public record Disk(String name, Path file, DiskFormat format, Bus bus, boolean readOnly) {}

    /** Model of a network interface. */
    public enum NicModel {
        VIRTIO,
        E1000
    }

    /** A network interface in user mode. */
    public record Nic(String macAddress, NicModel model) {}

    /**
     * A spec in the making: of a guest of 1 vCPU and 1 MiB that boots no kernel, has no disks, no network interfaces
     * and no lease, and asks for no special hardware, unless it is told more. Belongs to one thread.
     */
    public static final class Builder {
        private final InstanceId id;
        private final String vmName;
        private final Path serialLog;
        private final Path instanceFolder;
        private final Path runFolder;
        private int vcpus = 1;
        private long memoryMib = 1;
        private Accelerator accelerator;
        private Optional<KernelBoot> kernel = Optional.empty();
        private List<Disk> disks = List.of();
        private List<Nic> nics = List.of();
        private Optional<LeaseBond> lease = Optional.empty();
        private GuestHardware hardware = GuestHardware.PLAIN;

        public Builder(
                InstanceId id,
                String vmName,
                Accelerator accelerator,
                Path serialLog,
                Path instanceFolder,
                Path runFolder) {
            this.id = id;
            this.vmName = vmName;
            this.accelerator = accelerator;
            this.serialLog = serialLog;
            this.instanceFolder = instanceFolder;
            this.runFolder = runFolder;
        }

        public Builder size(int someVcpus, long someMemoryMib) {
            vcpus = someVcpus;
            memoryMib = someMemoryMib;
            return this;
        }

        public Builder accelerator(Accelerator other) {
            accelerator = other;
            return this;
        }

        public Builder kernel(KernelBoot boot) {
            kernel = Optional.of(boot);
            return this;
        }

        public Builder disks(List<Disk> all) {
            disks = all;
            return this;
        }

        public Builder nics(List<Nic> all) {
            nics = all;
            return this;
        }

        public Builder lease(LeaseBond bond) {
            lease = Optional.of(bond);
            return this;
        }

        public Builder hardware(GuestHardware other) {
            hardware = other;
            return this;
        }

        public LaunchSpec build() {
            return new LaunchSpec(
                    id,
                    vmName,
                    vcpus,
                    memoryMib,
                    accelerator,
                    kernel,
                    disks,
                    nics,
                    serialLog,
                    instanceFolder,
                    runFolder,
                    lease,
                    hardware);
        }
    }
}
