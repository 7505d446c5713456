package io.kelpie.agent.instance;

import io.kelpie.agent.cloudinit.SeedImage;
import io.kelpie.agent.disk.DiskRequest;
import io.kelpie.agent.disk.DiskStore;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LaunchSpec.Bus;
import io.kelpie.agent.driver.LaunchSpec.Disk;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.driver.LaunchSpec.KernelBoot;
import io.kelpie.agent.driver.LaunchSpec.Nic;
import io.kelpie.agent.driver.LaunchSpec.NicModel;
import io.kelpie.agent.image.CachedImage;
import io.kelpie.agent.image.ImageSource;
import io.kelpie.agent.image.ImageStore;
import io.kelpie.agent.spec.FieldRejectedException;
import io.kelpie.common.id.VmIds;
import io.kelpie.proto.v1.Boot;
import io.kelpie.proto.v1.CloudInit;
import io.kelpie.proto.v1.DataDisk;
import io.kelpie.proto.v1.DiskBus;
import io.kelpie.proto.v1.NetworkInterface;
import io.kelpie.proto.v1.VmTemplate;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Makes images, disks and seeds of this host. What does not depend on each other is made side by side, because all of it
 * is between the command and the guest.
 */
public final class HostProvisioner implements Provisioner {
    private static final String ROOT = "root";
    private static final String DEFAULT_POOL = "default";

    private final ImageStore images;
    private final DiskStore disks;
    private final InstanceFolders folders;
    private final ExecutorService executor;

    /** @param executor runs the parts; starts a thread for each that none is free for, so no part waits for another */
    public HostProvisioner(ImageStore images, DiskStore disks, InstanceFolders folders, ExecutorService executor) {
        this.images = images;
        this.disks = disks;
        this.folders = folders;
        this.executor = executor;
    }

    @Override
    public Prepared prepare(StartOrder order, Watcher watcher) throws StartRejectedException, InterruptedException {
        VmTemplate template = order.template();
        try {
            Files.createDirectories(folders.run());
            createPrivate(folders.run(order.id()));
            if (order.driver() == DriverKind.FAKE) {
                // A rehearsed VM has no guest, so nothing is made for it.
                return new Prepared(spec(order, Optional.empty(), List.of()), false);
            }
            Future<Disk> seed = executor.submit(() -> seed(order));
            Future<Optional<KernelBoot>> kernel = executor.submit(() -> kernel(template.getBoot(), watcher));
            Future<List<Disk>> made = executor.submit(() -> disks(order, watcher));
            List<Disk> all = new ArrayList<>(get(made));
            all.add(get(seed));
            return new Prepared(
                    spec(order, get(kernel), all), disks.hasKept(order.id().vmId()));
        } catch (IOException e) {
            throw rejected(e);
        }
    }

    @Override
    public boolean hasKeptDisks(UUID vmId) {
        return disks.hasKept(vmId);
    }

    @Override
    public void removeInstance(InstanceId id) throws IOException {
        disks.removeInstance(id);
    }

    @Override
    public void removeKeptDisks(UUID vmId) throws IOException {
        disks.removeKept(vmId);
    }

    private LaunchSpec spec(StartOrder order, Optional<KernelBoot> kernel, List<Disk> all)
            throws StartRejectedException {
        InstanceId id = order.id();
        VmTemplate template = order.template();
        List<Nic> nics = new ArrayList<>();
        for (int i = 0; i < template.getNetworksCount(); i++) {
            nics.add(new Nic(VmIds.macAddress(id.vmId(), i), model(template.getNetworks(i))));
        }
        return new LaunchSpec(
                id,
                order.vmName(),
                template.getVcpus(),
                template.getMemoryMib(),
                order.accelerator(),
                kernel,
                all,
                nics,
                folders.serialLog(id.vmId()),
                folders.instance(id),
                folders.run(id),
                Optional.empty(),
                order.hardware());
    }

    private Optional<KernelBoot> kernel(Boot boot, Watcher watcher)
            throws FieldRejectedException, IOException, StartRejectedException {
        if (!boot.hasKernel()) {
            return Optional.empty();
        }
        Path kernel =
                images.blob(source(boot.getKernel(), "spec.vm.boot.kernel"), "spec.vm.boot.kernel", watcher::progress);
        Optional<Path> initrd = boot.hasInitrd()
                ? Optional.of(images.blob(
                        source(boot.getInitrd(), "spec.vm.boot.initrd"), "spec.vm.boot.initrd", watcher::progress))
                : Optional.empty();
        return Optional.of(new KernelBoot(kernel, initrd, boot.getCmdline()));
    }

    private List<Disk> disks(StartOrder order, Watcher watcher)
            throws FieldRejectedException, IOException, StartRejectedException {
        VmTemplate template = order.template();
        Optional<CachedImage> image = Optional.empty();
        if (template.getBoot().hasImage()) {
            ImageSource source = source(template.getBoot().getImage(), "spec.vm.boot.image");
            image = Optional.of(images.image(source, "spec.vm.boot.image", watcher::progress));
        }
        Optional<DiskRequest> root = template.hasRoot()
                ? Optional.of(new DiskRequest(
                        ROOT,
                        template.getRoot().getSizeMib(),
                        Bus.VIRTIO,
                        pool(template.getRoot().getPool()),
                        template.getRoot().getKeep()))
                : Optional.empty();
        List<DiskRequest> data = new ArrayList<>();
        for (DataDisk disk : template.getDisksList()) {
            data.add(new DiskRequest(
                    disk.getName(), disk.getSizeMib(), bus(disk.getBus()), pool(disk.getPool()), disk.getKeep()));
        }
        if (watcher.cancelled()) {
            throw new StartRejectedException("", "it was stopped before its disks were made", null);
        }
        return disks.prepare(order.id(), root, image, data);
    }

    private Disk seed(StartOrder order) throws IOException {
        CloudInit cloudInit = order.template().getCloudInit();
        Path file = folders.seed(order.id());
        // The VM's id, not the instance's: a guest with a kept disk must not run its first boot again.
        SeedImage.write(
                file,
                order.id().vmId().toString(),
                order.vmName(),
                nonEmpty(cloudInit.getUserData()),
                nonEmpty(cloudInit.getNetworkConfig()));
        return new Disk("seed", file, DiskFormat.RAW, Bus.VIRTIO, true);
    }

    private static ImageSource source(io.kelpie.proto.v1.ImageSource source, String field)
            throws StartRejectedException {
        return switch (source.getSourceCase()) {
            case FILE -> new ImageSource.FileSource(source.getFile(), nonEmpty(source.getSha256()));
            case URL -> {
                try {
                    yield new ImageSource.UrlSource(new URI(source.getUrl()), source.getSha256());
                } catch (URISyntaxException e) {
                    throw new StartRejectedException(
                            field + ".url", "'" + source.getUrl() + "' is no URL: " + e.getReason(), e);
                }
            }
            case SOURCE_NOT_SET -> throw new StartRejectedException(field, "names neither a file nor a URL", null);
        };
    }

    private static <T> T get(Future<T> part) throws StartRejectedException, InterruptedException {
        try {
            return part.get();
        } catch (ExecutionException e) {
            throw rejected(e.getCause() == null ? e : e.getCause());
        }
    }

    private static StartRejectedException rejected(Throwable failure) {
        if (failure instanceof StartRejectedException e) {
            return e;
        }
        if (failure instanceof FieldRejectedException e) {
            return new StartRejectedException(e.field(), e.explanation(), e);
        }
        if (failure instanceof IOException e) {
            return new StartRejectedException("", "the host cannot make the VM's files: " + e, e);
        }
        throw new IllegalStateException("defect while the VM's files were made", failure);
    }

    private static void createPrivate(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectory(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        }
    }

    private static Bus bus(DiskBus bus) throws StartRejectedException {
        return switch (bus) {
            case DISK_BUS_UNSPECIFIED, DISK_BUS_VIRTIO -> Bus.VIRTIO;
            case DISK_BUS_IDE -> Bus.IDE;
            case UNRECOGNIZED -> throw unknown("spec.vm.disks.bus");
        };
    }

    private static NicModel model(NetworkInterface network) throws StartRejectedException {
        return switch (network.getModel()) {
            case MODEL_UNSPECIFIED, MODEL_VIRTIO -> NicModel.VIRTIO;
            case MODEL_E1000 -> NicModel.E1000;
            case UNRECOGNIZED -> throw unknown("spec.vm.networks.model");
        };
    }

    private static StartRejectedException unknown(String field) {
        return new StartRejectedException(
                field,
                "this agent does not know what is asked for. Fix: make the agent as new as the controller",
                null);
    }

    private static String pool(String name) {
        return name.isEmpty() ? DEFAULT_POOL : name;
    }

    private static Optional<String> nonEmpty(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
