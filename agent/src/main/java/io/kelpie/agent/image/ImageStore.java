package io.kelpie.agent.image;

import io.kelpie.agent.disk.FileVersion;
import io.kelpie.agent.disk.PoolFile;
import io.kelpie.agent.disk.Pools;
import io.kelpie.agent.disk.QemuImg;
import io.kelpie.agent.disk.QemuImgException;
import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.process.KeyedLocks;
import io.kelpie.agent.spec.FieldRejectedException;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The host's cache of images, kernels and initial RAM file systems, by content: {@code <sha256>.qcow2},
 * {@code <sha256>.raw} and {@code <sha256>.blob}. A file appears under its name when its content is complete, has that
 * digest, was inspected (images) and lies on the disk; then it is never changed. The name says the one format that the
 * content is ever read as, whatever a later job calls it.
 *
 * <p>Files of pools are copied, since disks depend on their base image for as long as they exist and a file of a pool
 * may change; an unchanged one is read only once. Downloads are always named by their digest. Nothing is ever removed
 * from the cache: overlays refer to their base by its absolute path.
 *
 * <p>Blocking; safe to use from several threads. Two calls for the same content do its work once. One process owns a
 * cache folder.
 */
public final class ImageStore {
    private static final int BUFFER = 1 << 20;
    private static final String PART = ".part";
    private static final String COPY = ".copy";

    private final Path folder;
    private final Path temporary;
    private final Pools pools;
    private final QemuImg qemuImg;
    private final ImageLimits limits;
    private final TimeSource time;
    private final Downloader downloader;
    private final FileMemo memo;
    private final KeyedLocks locks = new KeyedLocks();

    /** What a file is wanted for. */
    private enum Kind {
        IMAGE,
        BLOB
    }

    /**
     * Opens the cache and removes copies that an earlier process left unfinished; unfinished downloads are kept.
     *
     * @param cacheFolder absolute; made if need be
     * @throws IOException if the folder cannot be made or read
     */
    public ImageStore(Path cacheFolder, Pools pools, QemuImg qemuImg, ImageLimits limits, TimeSource time)
            throws IOException {
        this.folder = cacheFolder.toAbsolutePath().normalize();
        this.temporary = folder.resolve("tmp");
        this.pools = pools;
        this.qemuImg = qemuImg;
        this.limits = limits;
        this.time = time;
        this.downloader = new Downloader(limits, time);
        this.memo = new FileMemo(folder.resolve("memo"));
        Files.createDirectories(temporary);
        Files.createDirectories(folder.resolve("memo"));
        try (DirectoryStream<Path> copies = Files.newDirectoryStream(temporary, "*" + COPY)) {
            for (Path copy : copies) {
                Files.deleteIfExists(copy);
            }
        }
    }

    /**
     * A disk image, in the cache and inspected.
     *
     * @param field the source's field in the job spec, e.g. {@code spec.vm.boot.image}; errors name {@code .file},
     *     {@code .url} or {@code .sha256} below it
     * @param progress told what is being done, with figures, at least at the beginning and about once a second; must
     *     not block
     * @throws FieldRejectedException if the source is not what was asked for or no guest may have it
     * @throws java.io.InterruptedIOException if this thread was interrupted; its interrupt status is set
     * @throws IOException if the host or the network failed; what was downloaded is kept for the next call
     */
    public CachedImage image(ImageSource source, String field, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        CachedFile cached = fetch(source, field, Kind.IMAGE, progress);
        String contentField = contentField(source, field);
        Optional<DiskFormat> promised = ImageInspector.promisedBy(source);
        if (promised.isPresent() && promised.get() != cached.format()) {
            throw mismatch(contentField, cached.format());
        }
        long virtualSize = cached.format() == DiskFormat.RAW
                ? Files.size(cached.path())
                : ImageInspector.inspectHeader(cached.path(), contentField).virtualSizeBytes();
        return new CachedImage(cached.sha256(), cached.path(), cached.format(), virtualSize);
    }

    /**
     * A kernel or an initial RAM file system, in the cache; any bytes.
     *
     * @return its absolute path; parameters and errors as {@link #image}
     */
    public Path blob(ImageSource source, String field, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        return fetch(source, field, Kind.BLOB, progress).path();
    }

    /**
     * SHA-256 digests of the images in the cache, those that came last first.
     *
     * @param max most that are told
     * @throws IOException if the cache cannot be read
     */
    public List<String> digests(int max) throws IOException {
        record Aged(String digest, FileTime installed) {}
        List<Aged> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.{qcow2,raw}")) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                found.add(new Aged(name.substring(0, name.lastIndexOf('.')), Files.getLastModifiedTime(file)));
            }
        }
        return found.stream()
                .sorted(Comparator.comparing(Aged::installed).reversed().thenComparing(Aged::digest))
                .map(Aged::digest)
                .distinct()
                .limit(max)
                .toList();
    }

    /** A file of the cache; a blob's format is RAW. */
    private record CachedFile(String sha256, Path path, DiskFormat format) {}

    private CachedFile fetch(ImageSource source, String field, Kind kind, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        if (source instanceof ImageSource.UrlSource url) {
            String digest = Sha256.parse(url.sha256(), field + ".sha256");
            return fetchUrl(new ImageSource.UrlSource(url.url(), digest), field, kind, progress);
        }
        return fetchFile((ImageSource.FileSource) source, field, kind, progress);
    }

    private CachedFile fetchUrl(ImageSource.UrlSource source, String field, Kind kind, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        try (KeyedLocks.Held held = lockDigest(source.sha256(), progress)) {
            Optional<CachedFile> cached = find(source.sha256(), kind);
            if (cached.isPresent()) {
                return cached.get();
            }
            Path part = temporary.resolve(source.sha256() + PART);
            try {
                downloader.download(source, part, field, progress);
                return install(part, source.sha256(), kind, ImageInspector.promisedBy(source), field + ".url");
            } catch (FieldRejectedException e) {
                Files.deleteIfExists(part);
                throw e;
            }
        }
    }

    private CachedFile fetchFile(ImageSource.FileSource source, String field, Kind kind, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        String fileField = field + ".file";
        Optional<String> expected = source.sha256().isPresent()
                ? Optional.of(Sha256.parse(source.sha256().get(), field + ".sha256"))
                : Optional.empty();
        try (PoolFile file = pools.open(source.path(), fileField);
                KeyedLocks.Held heldFile = locks.lock(
                        "file " + file.realPath(),
                        () -> progress.accept("waiting: " + file.realPath() + " is being copied for another VM"))) {
            Optional<String> known = memo.digest(file);
            if (known.isPresent()) {
                checkDigest(known.get(), expected, source, field);
                Optional<CachedFile> cached = find(known.get(), kind);
                if (cached.isPresent()) {
                    return cached.get();
                }
            }
            Path copy = Files.createTempFile(temporary, "file-", COPY);
            try {
                String digest = copy(file, copy, fileField, progress);
                checkDigest(digest, expected, source, field);
                CachedFile cached = installCopy(copy, digest, kind, source, fileField, progress);
                memo.remember(file, digest);
                return cached;
            } finally {
                Files.deleteIfExists(copy);
            }
        }
    }

    private CachedFile installCopy(
            Path copy, String digest, Kind kind, ImageSource.FileSource source, String field, Consumer<String> progress)
            throws FieldRejectedException, IOException {
        try (KeyedLocks.Held held = lockDigest(digest, progress)) {
            Optional<CachedFile> cached = find(digest, kind);
            return cached.isPresent()
                    ? cached.get()
                    : install(copy, digest, kind, ImageInspector.promisedBy(source), field);
        }
    }

    private KeyedLocks.Held lockDigest(String digest, Consumer<String> progress) throws IOException {
        return locks.lock(digest, () -> progress.accept("waiting: the image is being fetched for another VM"));
    }

    private String copy(PoolFile file, Path target, String field, Consumer<String> listener)
            throws FieldRejectedException, IOException {
        long size = file.version().sizeBytes();
        if (size > limits.maxFileBytes()) {
            throw new FieldRejectedException(
                    field,
                    file.realPath() + " has " + (size >> 20) + " MiB, the largest image taken has "
                            + (limits.maxFileBytes() >> 20) + " MiB",
                    "give a smaller image");
        }
        Progress progress = new Progress("copying " + file.realPath(), size, listener, time);
        progress.begin(0);
        SeekableByteChannel from = file.channel();
        from.position(0);
        String digest;
        try (HashingFile to = new HashingFile(target)) {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
            while (from.read(buffer) >= 0) {
                to.append(buffer.array(), buffer.position());
                buffer.clear();
                progress.at(to.length());
            }
            digest = to.finish();
        }
        if (!FileVersion.of(file.realPath()).equals(file.version())) {
            throw new FieldRejectedException(
                    field,
                    file.realPath() + " changed while it was read",
                    "submit again when nothing writes to the file");
        }
        return digest;
    }

    private static void checkDigest(
            String digest, Optional<String> expected, ImageSource.FileSource source, String field)
            throws FieldRejectedException {
        if (expected.isPresent() && !expected.get().equals(digest)) {
            throw new FieldRejectedException(
                    field + ".sha256",
                    source.path() + " has the digest " + digest + ", not " + expected.get(),
                    "correct the digest or the file");
        }
    }

    private Optional<CachedFile> find(String digest, Kind kind) {
        return switch (kind) {
            case BLOB -> existing(digest, ".blob", DiskFormat.RAW);
            case IMAGE ->
                existing(digest, ".qcow2", DiskFormat.QCOW2).or(() -> existing(digest, ".raw", DiskFormat.RAW));
        };
    }

    private Optional<CachedFile> existing(String digest, String suffix, DiskFormat format) {
        Path path = folder.resolve(digest + suffix);
        return Files.isRegularFile(path) ? Optional.of(new CachedFile(digest, path, format)) : Optional.empty();
    }

    /** Moves a complete file with the right digest into the cache, inspected if it is an image. */
    private CachedFile install(Path file, String digest, Kind kind, Optional<DiskFormat> promised, String field)
            throws FieldRejectedException, IOException {
        DiskFormat format = DiskFormat.RAW;
        String suffix = ".blob";
        switch (kind) {
            case BLOB -> {
                if (Files.size(file) == 0) {
                    throw new FieldRejectedException(field, "the file is empty", "give a file with content");
                }
            }
            case IMAGE -> {
                ImageInspector.Inspection inspection = ImageInspector.inspect(file, field);
                format = inspection.format();
                if (promised.isPresent() && promised.get() != format) {
                    throw mismatch(field, format);
                }
                checkAgainstQemu(file, inspection, field);
                suffix = switch (format) {
                    case RAW -> ".raw";
                    case QCOW2 -> ".qcow2";
                };
            }
        }
        Path target = folder.resolve(digest + suffix);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
        Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        }
        return new CachedFile(digest, target, format);
    }

    private void checkAgainstQemu(Path file, ImageInspector.Inspection inspection, String field)
            throws FieldRejectedException, IOException {
        QemuImg.Info info;
        try {
            info = qemuImg.info(file, inspection.format());
        } catch (QemuImgException e) {
            throw new FieldRejectedException(
                    field, "QEMU cannot read the image: " + e.getMessage(), "make the image again, or copy it again");
        }
        boolean agrees = info.backingFile().isEmpty()
                && info.dataFile().isEmpty()
                && !info.encrypted()
                && info.virtualSizeBytes() == inspection.virtualSizeBytes();
        if (!agrees) {
            throw new FieldRejectedException(
                    field,
                    "QEMU reads the image otherwise than its header says",
                    "make the image again with: qemu-img convert -O qcow2");
        }
    }

    private static FieldRejectedException mismatch(String field, DiskFormat content) {
        return switch (content) {
            case QCOW2 ->
                new FieldRejectedException(
                        field,
                        "the file's name says raw, but its content begins like a qcow2 file",
                        "name it .qcow2 if it is meant to be one; else do not use it: a guest may have written this");
            case RAW ->
                new FieldRejectedException(
                        field,
                        "the file's name says qcow2, but its content is raw",
                        "name it .raw if it is meant to be a raw disk, or make it again");
        };
    }

    private static String contentField(ImageSource source, String field) {
        return field + (source instanceof ImageSource.UrlSource ? ".url" : ".file");
    }
}
