package io.kelpie.agent.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * The header of a qcow2 file, as found; what it may say is decided by who reads it.
 *
 * @param version 2 or 3
 * @param backingFile name of the backing file
 * @param clusterBits a cluster has 2 to the power of this many bytes
 * @param virtualSizeBytes size of the disk that a guest sees, in bytes
 * @param cryptMethod 0: not encrypted
 * @param l1Entries entries of the active L1 table
 * @param l1Offset where that table is in the file, in bytes
 * @param refcountOffset where the refcount table is in the file, in bytes
 * @param refcountClusters its size, in clusters
 * @param incompatibleFeatures bits that a reader must understand
 * @param hasDataFileName whether a header extension names an external data file
 * @param hasCryptoHeader whether a header extension points to an encryption header
 */
public record Qcow2Header(
        int version,
        Optional<String> backingFile,
        int clusterBits,
        long virtualSizeBytes,
        int cryptMethod,
        long l1Entries,
        long l1Offset,
        long refcountOffset,
        long refcountClusters,
        long incompatibleFeatures,
        boolean hasDataFileName,
        boolean hasCryptoHeader) {
    /** The first four bytes of every qcow and qcow2 file. */
    static final int MAGIC = 0x514649fb;

    /** Smallest possible header, in bytes. */
    static final int LENGTH_V2 = 72;

    private static final int LENGTH_V3 = 104;
    private static final int MAX_BACKING_NAME = 1023;
    private static final int MAX_EXTENSIONS = 64;
    private static final int EXTENSION_END = 0;
    private static final int EXTENSION_DATA_FILE = 0x44415441;
    private static final int EXTENSION_CRYPTO = 0x0537be77;

    /** The file is not a qcow2 file that can be understood. The message completes "the file ...". */
    public static final class MalformedException extends Exception {
        private static final long serialVersionUID = 1;

        MalformedException(String message) {
            super(message);
        }
    }

    /** Reads the header of a file. */
    public static Qcow2Header read(Path file) throws MalformedException, IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.READ)) {
            return read(channel);
        }
    }

    static Qcow2Header read(SeekableByteChannel channel) throws MalformedException, IOException {
        long length = channel.size();
        ByteBuffer header = readAt(channel, 0, LENGTH_V3);
        if (header.limit() < LENGTH_V2) {
            throw new MalformedException("ends within its qcow2 header");
        }
        if (header.getInt(0) != MAGIC) {
            throw new MalformedException("does not begin like a qcow2 file");
        }
        int version = header.getInt(4);
        if (version != 2 && version != 3) {
            throw new MalformedException("has qcow version " + Integer.toUnsignedString(version) + ", not 2 or 3");
        }
        int clusterBits = header.getInt(20);
        if (clusterBits < 9 || clusterBits > 21) {
            throw new MalformedException("has clusters of an impossible size");
        }
        long incompatible = 0;
        long headerLength = LENGTH_V2;
        if (version == 3) {
            if (header.limit() < LENGTH_V3) {
                throw new MalformedException("ends within its qcow2 header");
            }
            incompatible = header.getLong(72);
            headerLength = Integer.toUnsignedLong(header.getInt(100));
            if (headerLength < LENGTH_V3 || headerLength > 1L << clusterBits) {
                throw new MalformedException("has a qcow2 header of an impossible length");
            }
        }
        long backingOffset = header.getLong(8);
        Optional<String> backingFile = backingName(channel, backingOffset, header.getInt(16), 1L << clusterBits);
        // Extensions lie between the header and the backing file's name, within the first cluster.
        long extensionsEnd = backingOffset == 0 ? Math.min(length, 1L << clusterBits) : backingOffset;
        boolean dataFileName = false;
        boolean cryptoHeader = false;
        long position = headerLength;
        for (int i = 0; position + 8 <= extensionsEnd; i++) {
            if (i == MAX_EXTENSIONS) {
                throw new MalformedException("has more than " + MAX_EXTENSIONS + " header extensions");
            }
            ByteBuffer extension = readAt(channel, position, 8);
            if (extension.limit() < 8) {
                throw new MalformedException("ends within its header extensions");
            }
            int type = extension.getInt(0);
            if (type == EXTENSION_END) {
                break;
            }
            dataFileName |= type == EXTENSION_DATA_FILE;
            cryptoHeader |= type == EXTENSION_CRYPTO;
            long dataLength = Integer.toUnsignedLong(extension.getInt(4));
            position += 8 + (dataLength + 7) / 8 * 8;
            if (position > extensionsEnd) {
                throw new MalformedException("has a header extension that reaches beyond the header");
            }
        }
        return new Qcow2Header(
                version,
                backingFile,
                clusterBits,
                header.getLong(24),
                header.getInt(32),
                Integer.toUnsignedLong(header.getInt(36)),
                header.getLong(40),
                header.getLong(48),
                Integer.toUnsignedLong(header.getInt(56)),
                incompatible,
                dataFileName,
                cryptoHeader);
    }

    /** At most {@code length} bytes at {@code position}, fewer at the file's end; ready to be read from index 0. */
    static ByteBuffer readAt(SeekableByteChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        channel.position(position);
        int read = 0;
        while (buffer.hasRemaining() && read >= 0) {
            read = channel.read(buffer);
        }
        return buffer.flip();
    }

    private static Optional<String> backingName(SeekableByteChannel channel, long offset, int length, long clusterBytes)
            throws MalformedException, IOException {
        if (offset == 0) {
            return Optional.empty();
        }
        if (offset < LENGTH_V2 || offset > clusterBytes || length < 0 || length > MAX_BACKING_NAME) {
            throw new MalformedException("has a backing file's name at an impossible place");
        }
        ByteBuffer name = readAt(channel, offset, length);
        return Optional.of(StandardCharsets.UTF_8.decode(name).toString());
    }
}
