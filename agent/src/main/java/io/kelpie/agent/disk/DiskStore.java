package io.kelpie.agent.disk;

import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.image.CachedImage;
import io.kelpie.agent.image.Qcow2Header;
import io.kelpie.agent.process.KeyedLocks;
import io.kelpie.agent.spec.FieldRejectedException;
import io.kelpie.common.units.ByteSizes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The disks of this host's VMs, below {@code <pool>/kelpie/vms/<vm uuid>/}: in {@code <incarnation>/} those that belong
 * to one instance, in {@code kept/} those that outlive instances. The root disk is {@code root.qcow2}, an overlay over
 * its image in the cache, or {@code root.raw} if it begins empty; a data disk is {@code data-<name>.raw}, sparse.
 *
 * <p>A kept root disk in a shared pool is a full copy of its image, since no other host has the overlay's base at the
 * same path. A kept disk is made once and then only ever grown: a later image or size changes what is asked for, not
 * what is there. A disk appears under its name when it is complete; kept ones then lie on the disk.
 *
 * <p>Blocking; safe to use from several threads; work for one VM waits for other work for the same VM.
 */
public final class DiskStore {
    private static final String ROOT = "root";
    private static final String KEPT = "kept";
    private static final FileAttribute<?> FOLDER_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x"));
    private static final FileAttribute<?> FILE_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final int FOLDER_TRIES = 3;

    private final Pools pools;
    private final QemuImg qemuImg;
    private final KeyedLocks locks = new KeyedLocks();

    public DiskStore(Pools pools, QemuImg qemuImg) {
        this.pools = pools;
        this.qemuImg = qemuImg;
    }

    /** A disk that was asked for, and where it is or will be. */
    private record Place(
            DiskRequest request,
            String field,
            PoolConfig pool,
            Path file,
            DiskFormat format,
            @Nullable CachedImage image) {
        LaunchSpec.Disk disk() {
            return new LaunchSpec.Disk(request.name(), file, format, request.bus(), false);
        }

        boolean exists() {
            return Files.isRegularFile(file);
        }
    }

    /**
     * Makes the disks of an instance, or finds them if an earlier call made them or they are kept.
     *
     * @param root the root disk; errors name fields below {@code spec.vm.root}
     * @param rootImage what the root disk begins as; without one it begins empty
     * @param data the data disks; errors name fields below {@code spec.vm.disks[i]}
     * @return the root disk first, then the data disks in order; the same for each call
     * @throws FieldRejectedException if they cannot be made as asked
     * @throws java.io.InterruptedIOException if this thread was interrupted; its interrupt status is set
     * @throws IOException if the host failed; a disk that was being made is not there
     */
    public List<LaunchSpec.Disk> prepare(
            InstanceId id, Optional<DiskRequest> root, Optional<CachedImage> rootImage, List<DiskRequest> data)
            throws FieldRejectedException, IOException {
        List<Place> places = new ArrayList<>(data.size() + 1);
        if (root.isPresent()) {
            places.add(rootPlace(id, root.get(), rootImage));
        }
        for (int i = 0; i < data.size(); i++) {
            DiskRequest request = data.get(i);
            places.add(place(
                    id, request, "spec.vm.disks[" + i + "]", "data-" + request.name() + ".raw", DiskFormat.RAW, null));
        }
        try (KeyedLocks.Held held = lock(id.vmId())) {
            checkSpace(places);
            List<LaunchSpec.Disk> disks = new ArrayList<>(places.size());
            for (Place place : places) {
                if (place.exists()) {
                    reuse(place);
                } else {
                    make(place);
                }
                disks.add(place.disk());
            }
            return disks;
        }
    }

    /** Removes the disks that belong to this instance alone; kept disks stay. Idempotent. */
    public void removeInstance(InstanceId id) throws IOException {
        remove(id.vmId(), Long.toString(id.incarnation()));
    }

    /** Whether this host has kept disks of the VM; true also if a pool cannot be read. */
    public boolean hasKept(UUID vmId) {
        return pools.all().stream()
                .anyMatch(pool -> !Files.notExists(vmFolder(pool, vmId).resolve(KEPT)));
    }

    /** Removes the VM's kept disks, for good. Idempotent. */
    public void removeKept(UUID vmId) throws IOException {
        remove(vmId, KEPT);
    }

    private Place rootPlace(InstanceId id, DiskRequest request, Optional<CachedImage> image)
            throws FieldRejectedException {
        String field = "spec.vm.root";
        if (image.isEmpty()) {
            return place(id, request, field, ROOT + ".raw", DiskFormat.RAW, null);
        }
        long imageMib = (image.get().virtualSizeBytes() + (1 << 20) - 1) >> 20;
        if (request.sizeMib() < imageMib) {
            throw new FieldRejectedException(
                    field + ".size",
                    "the root disk has " + ByteSizes.formatMib(request.sizeMib()) + ", its image needs "
                            + ByteSizes.formatMib(imageMib),
                    "ask for at least " + ByteSizes.formatMib(imageMib));
        }
        return place(id, request, field, ROOT + ".qcow2", DiskFormat.QCOW2, image.get());
    }

    private Place place(
            InstanceId id,
            DiskRequest request,
            String field,
            String fileName,
            DiskFormat format,
            @Nullable CachedImage image)
            throws FieldRejectedException {
        PoolConfig pool = pools.get(request.pool())
                .orElseThrow(() -> new FieldRejectedException(
                        field + ".pool",
                        "this host has no pool named " + request.pool(),
                        "name one of: " + String.join(", ", pools.names())));
        String folder = request.keep() ? KEPT : Long.toString(id.incarnation());
        Path file = vmFolder(pool, id.vmId()).resolve(folder).resolve(fileName);
        return new Place(request, field, pool, file, format, image);
    }

    private void checkSpace(List<Place> places) throws FieldRejectedException, IOException {
        Map<PoolConfig, Long> askedMib = new LinkedHashMap<>();
        for (Place place : places) {
            if (place.exists()) {
                continue;
            }
            if (!Files.isDirectory(place.pool().path())) {
                throw new IOException("pool " + place.pool().name() + ": there is no folder "
                        + place.pool().path() + " on this host; make or mount it");
            }
            long sum = askedMib.merge(place.pool(), place.request().sizeMib(), Math::addExact);
            long freeMib = Files.getFileStore(place.pool().path()).getUsableSpace() >> 20;
            if (sum > freeMib) {
                throw new FieldRejectedException(
                        place.field() + ".size",
                        "the VM's new disks need " + sum + " MiB of pool "
                                + place.pool().name() + ", which has " + freeMib + " MiB free",
                        "ask for smaller disks or another pool, or free " + (sum - freeMib) + " MiB on this host");
            }
        }
    }

    private void reuse(Place place) throws FieldRejectedException, IOException {
        long actualBytes = place.image() == null ? Files.size(place.file()) : checkedOverlayBytes(place);
        long askedBytes = place.request().sizeMib() << 20;
        if (askedBytes < actualBytes) {
            throw new FieldRejectedException(
                    place.field() + ".size",
                    "disk " + place.request().name() + " has " + ByteSizes.formatMib(actualBytes >> 20)
                            + " already and cannot shrink to "
                            + ByteSizes.formatMib(place.request().sizeMib()),
                    "ask for at least " + ByteSizes.formatMib(actualBytes >> 20));
        }
        if (askedBytes > actualBytes) {
            switch (place.format()) {
                case RAW -> setLength(place.file(), askedBytes);
                case QCOW2 ->
                    qemuImg.grow(place.file(), DiskFormat.QCOW2, place.request().sizeMib());
            }
        }
    }

    private static long checkedOverlayBytes(Place place) throws FieldRejectedException, IOException {
        Qcow2Header header;
        try {
            header = Qcow2Header.read(place.file());
        } catch (Qcow2Header.MalformedException e) {
            throw new FieldRejectedException(
                    place.field(),
                    "disk " + place.file() + " " + e.getMessage(),
                    "restore it from a backup, or delete the VM with its disks");
        }
        if (header.backingFile().isPresent()
                && !Files.isRegularFile(Path.of(header.backingFile().get()))) {
            throw new FieldRejectedException(
                    place.field(),
                    "disk " + place.file() + " needs its base image "
                            + header.backingFile().get() + ", which is not there",
                    "put that file back into this host's image cache");
        }
        return header.virtualSizeBytes();
    }

    private void make(Place place) throws IOException {
        Path folder = place.file().getParent();
        if (folder == null) {
            throw new AssertionError("a disk lies in a folder");
        }
        makeFolder(folder);
        Path temporary = folder.resolve(place.file().getFileName() + ".new");
        boolean made = false;
        try {
            Files.deleteIfExists(temporary);
            write(place, temporary);
            if (place.request().keep()) {
                force(temporary, StandardOpenOption.WRITE);
            }
            Files.move(temporary, place.file(), StandardCopyOption.ATOMIC_MOVE);
            if (place.request().keep()) {
                forceFolders(place.pool().path(), folder);
            }
            made = true;
        } finally {
            if (!made) {
                Files.deleteIfExists(temporary);
                removeIfEmpty(folder);
            }
        }
    }

    private void write(Place place, Path temporary) throws IOException {
        CachedImage image = place.image();
        long sizeMib = place.request().sizeMib();
        // The file exists with its mode before it has content.
        Files.createFile(temporary, FILE_MODE);
        if (image == null) {
            setLength(temporary, sizeMib << 20);
        } else if (place.request().keep() && place.pool().shared()) {
            qemuImg.copyToQcow2(image.path(), image.format(), temporary);
            qemuImg.grow(temporary, DiskFormat.QCOW2, sizeMib);
        } else {
            Qcow2Overlay.write(temporary, image.path(), image.format(), sizeMib);
        }
    }

    private void remove(UUID vmId, String name) throws IOException {
        try (KeyedLocks.Held held = lock(vmId)) {
            for (PoolConfig pool : pools.all()) {
                Path folder = vmFolder(pool, vmId);
                deleteTree(folder.resolve(name));
                removeIfEmpty(folder);
            }
        }
    }

    private KeyedLocks.Held lock(UUID vmId) throws IOException {
        return locks.lock(vmId.toString(), () -> {});
    }

    private static Path vmFolder(PoolConfig pool, UUID vmId) {
        return pool.path().resolve(Pools.OWN_FOLDER).resolve("vms").resolve(vmId.toString());
    }

    /** The pool's own folder exists; another host that shares the pool may remove an empty VM's folder meanwhile. */
    private static void makeFolder(Path folder) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                Files.createDirectories(folder, FOLDER_MODE);
                return;
            } catch (NoSuchFileException e) {
                if (attempt == FOLDER_TRIES) {
                    throw e;
                }
            }
        }
    }

    private static void setLength(Path file, long bytes) throws IOException {
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength(bytes);
        }
    }

    private static void forceFolders(Path pool, Path folder) throws IOException {
        for (Path at = folder; at != null && at.startsWith(pool); at = at.getParent()) {
            force(at, StandardOpenOption.READ);
        }
    }

    private static void force(Path path, StandardOpenOption option) throws IOException {
        try (FileChannel channel = FileChannel.open(path, option)) {
            channel.force(true);
        }
    }

    private static void removeIfEmpty(Path folder) throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // Other instances' or kept disks are in it: it stays.
            return;
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                Files.deleteIfExists(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
