package io.kelpie.agent.disk;

import io.kelpie.agent.driver.LaunchSpec.DiskFormat;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Makes qcow2 files that are empty but for the name of another file, whose content they show until they are written.
 *
 * <p>Such a file is a header and three small tables. They are written here because every start of a VM waits for them,
 * and running another program takes far longer than writing them. The layout is the one that {@code qemu-img create}
 * chooses: version 3, clusters of 64 KiB, reference counts of 16 bits.
 */
final class Qcow2Overlay {
    private static final int MAGIC = 0x514649fb;
    private static final int VERSION = 3;
    private static final int CLUSTER_BITS = 16;
    private static final int CLUSTER = 1 << CLUSTER_BITS;
    private static final int HEADER_LENGTH = 112;
    private static final int EXTENSION_BACKING_FORMAT = 0xe2792aca;
    /** Reference counts have 2 to the power of this many bits. */
    private static final int REFCOUNT_ORDER = 4;

    private static final int MAX_BACKING_NAME = 1023;

    /** One entry of the L1 table stands for a table of 8192 clusters. */
    private static final long BYTES_PER_L1_ENTRY = (long) CLUSTER * (CLUSTER / Long.BYTES);
    /** QEMU reads no larger L1 table. */
    private static final long MAX_L1_BYTES = 32L << 20;

    private static final int REFCOUNT_TABLE = 1;
    private static final int REFCOUNT_BLOCK = 2;
    private static final int L1_TABLE = 3;

    private Qcow2Overlay() {}

    /**
     * Writes an overlay into an empty file.
     *
     * @param file is there already, and empty
     * @param backing absolute; never written from now on. Its format is named too, so that it is never guessed
     * @param sizeMib size that the guest sees, in MiB; not below the backing file's
     */
    static void write(Path file, Path backing, DiskFormat backingFormat, long sizeMib) throws IOException {
        if (!backing.isAbsolute()) {
            throw new IllegalArgumentException(backing + " is not absolute");
        }
        if (!Files.isRegularFile(backing)) {
            throw new NoSuchFileException(backing.toString());
        }
        byte[] backingName = backing.toString().getBytes(StandardCharsets.UTF_8);
        if (backingName.length > MAX_BACKING_NAME) {
            throw new IOException("the path " + backing + " is too long for a qcow2 file to name");
        }
        long size = Math.multiplyExact(sizeMib, 1L << 20);
        long l1Entries = Math.max(1, (size - 1) / BYTES_PER_L1_ENTRY + 1);
        long l1Bytes = l1Entries * Long.BYTES;
        if (l1Bytes > MAX_L1_BYTES) {
            throw new IllegalArgumentException("a disk of " + sizeMib + " MiB is too large for a qcow2 file");
        }
        int clusters = L1_TABLE + (int) ((l1Bytes - 1) / CLUSTER + 1);
        try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
            opened.setLength((long) clusters * CLUSTER); // the L1 table: all zero, nothing is written here yet
            FileChannel channel = opened.getChannel();
            writeAt(channel, REFCOUNT_BLOCK, refcounts(clusters));
            writeAt(
                    channel,
                    REFCOUNT_TABLE,
                    ByteBuffer.allocate(Long.BYTES)
                            .putLong((long) REFCOUNT_BLOCK * CLUSTER)
                            .flip());
            writeAt(channel, 0, header(size, (int) l1Entries, backingName, backingFormat));
        }
    }

    private static ByteBuffer header(long size, int l1Entries, byte[] backingName, DiskFormat backingFormat) {
        byte[] format = switch (backingFormat) {
            case RAW -> "raw".getBytes(StandardCharsets.US_ASCII);
            case QCOW2 -> "qcow2".getBytes(StandardCharsets.US_ASCII);
        };
        int extensionsLength = 8 + 8 + 8; // the format's name, padded, and the end mark
        int nameOffset = HEADER_LENGTH + extensionsLength;
        ByteBuffer header = ByteBuffer.allocate(nameOffset + backingName.length);
        header.putInt(MAGIC).putInt(VERSION);
        header.putLong(nameOffset).putInt(backingName.length);
        header.putInt(CLUSTER_BITS).putLong(size).putInt(0); // not encrypted
        header.putInt(l1Entries).putLong((long) L1_TABLE * CLUSTER);
        header.putLong((long) REFCOUNT_TABLE * CLUSTER).putInt(1);
        header.putInt(0).putLong(0); // no snapshots
        header.putLong(0).putLong(0).putLong(0); // no features beyond version 3
        header.putInt(REFCOUNT_ORDER).putInt(HEADER_LENGTH);
        header.position(HEADER_LENGTH);
        header.putInt(EXTENSION_BACKING_FORMAT).putInt(format.length).put(format);
        header.position(nameOffset).put(backingName);
        return header.flip();
    }

    private static ByteBuffer refcounts(int clusters) {
        ByteBuffer counts = ByteBuffer.allocate(clusters * Short.BYTES);
        while (counts.hasRemaining()) {
            counts.putShort((short) 1);
        }
        return counts.flip();
    }

    private static void writeAt(FileChannel channel, int cluster, ByteBuffer bytes) throws IOException {
        long position = (long) cluster * CLUSTER;
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
    }
}
