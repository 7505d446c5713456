package io.kelpie.agent.image;

import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import io.kelpie.agent.spec.FieldRejectedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;

/**
 * Decides what a file is and whether a guest may have it, by Kelpie's own reading of its bytes.
 *
 * <p>A file is qcow2 if it begins with qcow2's magic number, refused if it is recognised as another format, and raw
 * otherwise. A qcow2 file may name no other file (backing file, external data file), may not be encrypted, marked as
 * corrupt or not closed, and may use no feature that is not known here. The answer is final: nothing else ever guesses
 * the format of that content again. Stateless.
 */
final class ImageInspector {
    /** Largest virtual size: 16 TiB. */
    static final long MAX_VIRTUAL_BYTES = 16L << 40;

    private static final int SECTOR = 512;

    private static final long DIRTY = 1;
    private static final long CORRUPT = 1 << 1;
    private static final long EXTERNAL_DATA = 1 << 2;
    private static final long COMPRESSION_TYPE = 1 << 3;
    private static final long EXTENDED_L2 = 1 << 4;

    private ImageInspector() {}

    /**
     * What a file is.
     *
     * @param format the format of its content
     * @param virtualSizeBytes size of the disk that a guest sees, in bytes
     */
    record Inspection(DiskFormat format, long virtualSizeBytes) {}

    /** @throws FieldRejectedException if no guest may have it */
    static Inspection inspect(Path file, String field) throws FieldRejectedException, IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.READ)) {
            return inspect(channel, field);
        }
    }

    static Inspection inspect(SeekableByteChannel file, String field) throws FieldRejectedException, IOException {
        long length = file.size();
        if (length == 0) {
            throw new FieldRejectedException(field, "the file is empty", "give a qcow2 or raw disk image");
        }
        ByteBuffer head = Qcow2Header.readAt(file, 0, ForeignFormat.HEAD_BYTES);
        if (head.limit() >= 4 && head.getInt(0) == Qcow2Header.MAGIC) {
            return inspectQcow2(file, field);
        }
        ByteBuffer tail =
                Qcow2Header.readAt(file, Math.max(0, length - ForeignFormat.TAIL_BYTES), ForeignFormat.TAIL_BYTES);
        Optional<ForeignFormat> foreign = ForeignFormat.of(head, tail);
        if (foreign.isPresent()) {
            throw new FieldRejectedException(
                    field,
                    "the file is of format " + foreign.get().label() + ", not qcow2 or raw",
                    foreign.get().fix());
        }
        if (length % SECTOR != 0) {
            throw new FieldRejectedException(
                    field,
                    "the file has " + length + " bytes, a raw disk has a multiple of " + SECTOR
                            + "; it is cut short or no disk image",
                    "copy it again, or give a qcow2 or raw disk image");
        }
        return new Inspection(DiskFormat.RAW, checkedSize(length, field));
    }

    /** As {@link #inspect} for a qcow2 file that passed it before: its tables are not walked again. */
    static Inspection inspectHeader(Path file, String field) throws FieldRejectedException, IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.READ)) {
            return new Inspection(DiskFormat.QCOW2, checkedHeader(Qcow2Header.read(channel), field));
        } catch (Qcow2Header.MalformedException e) {
            throw malformed(field, e);
        }
    }

    /**
     * The format that a file's name promises: {@code .qcow2} and {@code .raw} always; {@code .img} promises raw for a
     * file of a pool, and nothing for a URL, where qcow2 images are commonly published under it and the digest says
     * which content is meant.
     */
    static Optional<DiskFormat> promisedBy(ImageSource source) {
        if (source instanceof ImageSource.UrlSource url) {
            return promisedBy(Optional.ofNullable(url.url().getPath()).orElse(""), false);
        }
        return promisedBy(((ImageSource.FileSource) source).path(), true);
    }

    private static Optional<DiskFormat> promisedBy(String path, boolean imgIsRaw) {
        String name = path.toLowerCase(Locale.ROOT);
        if (name.endsWith(".qcow2")) {
            return Optional.of(DiskFormat.QCOW2);
        }
        if (name.endsWith(".raw") || (imgIsRaw && name.endsWith(".img"))) {
            return Optional.of(DiskFormat.RAW);
        }
        return Optional.empty();
    }

    private static Inspection inspectQcow2(SeekableByteChannel file, String field)
            throws FieldRejectedException, IOException {
        try {
            Qcow2Header header = Qcow2Header.read(file);
            long size = checkedHeader(header, field);
            Qcow2Tables.check(file, header);
            return new Inspection(DiskFormat.QCOW2, size);
        } catch (Qcow2Header.MalformedException e) {
            throw malformed(field, e);
        }
    }

    private static long checkedHeader(Qcow2Header header, String field) throws FieldRejectedException {
        checkReferences(header, field);
        checkFeatures(header, field);
        return checkedSize(header.virtualSizeBytes(), field);
    }

    private static FieldRejectedException malformed(String field, Qcow2Header.MalformedException e) {
        return new FieldRejectedException(
                field, "the file " + e.getMessage(), "make the image again, or copy it again");
    }

    private static void checkReferences(Qcow2Header header, String field) throws FieldRejectedException {
        if (header.backingFile().isPresent()) {
            throw new FieldRejectedException(
                    field,
                    "the image names a backing file: "
                            + printable(header.backingFile().get()),
                    "make an image that needs no other file: qemu-img convert -O qcow2");
        }
        if ((header.incompatibleFeatures() & EXTERNAL_DATA) != 0 || header.hasDataFileName()) {
            throw new FieldRejectedException(
                    field,
                    "the image keeps its data in another file",
                    "make an image that needs no other file: qemu-img convert -O qcow2");
        }
    }

    private static void checkFeatures(Qcow2Header header, String field) throws FieldRejectedException {
        if (header.cryptMethod() != 0 || header.hasCryptoHeader()) {
            throw new FieldRejectedException(
                    field, "the image is encrypted", "decrypt it with: qemu-img convert -O qcow2");
        }
        long features = header.incompatibleFeatures();
        if ((features & CORRUPT) != 0) {
            throw new FieldRejectedException(
                    field, "the image is marked as corrupt", "repair it with: qemu-img check -r all");
        }
        if ((features & DIRTY) != 0) {
            throw new FieldRejectedException(
                    field, "the image was not closed cleanly", "stop what writes to it and run: qemu-img check -r all");
        }
        long unknown = features & ~(DIRTY | CORRUPT | EXTERNAL_DATA | COMPRESSION_TYPE | EXTENDED_L2);
        if (unknown != 0) {
            throw new FieldRejectedException(
                    field,
                    "the image needs features that are not known (bits " + Long.toHexString(unknown) + ")",
                    "make the image again with: qemu-img convert -O qcow2");
        }
    }

    private static long checkedSize(long virtualBytes, String field) throws FieldRejectedException {
        if (virtualBytes <= 0 || virtualBytes > MAX_VIRTUAL_BYTES) {
            throw new FieldRejectedException(
                    field,
                    "the image's disk has " + Long.toUnsignedString(virtualBytes) + " bytes, not 1 to "
                            + MAX_VIRTUAL_BYTES + " (16Ti)",
                    "give an image of at most 16Ti");
        }
        if (virtualBytes % SECTOR != 0) {
            throw new FieldRejectedException(
                    field,
                    "the image's disk has " + virtualBytes + " bytes, not a multiple of " + SECTOR,
                    "make the image again with: qemu-img convert -O qcow2");
        }
        return virtualBytes;
    }

    private static String printable(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(200).forEach(point -> {
            if (point >= 0x20 && point < 0x7f) {
                shown.appendCodePoint(point);
            } else {
                shown.append('?');
            }
        });
        return shown.toString();
    }
}
