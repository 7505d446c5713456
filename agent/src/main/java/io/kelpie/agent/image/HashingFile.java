package io.kelpie.agent.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * A file that grows at its end and whose digest is computed on the way. Blocks of zeros become holes. For one thread.
 */
final class HashingFile implements AutoCloseable {
    private static final int BLOCK = 64 << 10;
    private static final Set<StandardOpenOption> OPTIONS =
            EnumSet.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);

    private final Path path;
    private final FileChannel channel;
    private final MessageDigest digest;
    private long length;

    /** Opens the file, makes it if need be, and goes on at its end. */
    HashingFile(Path path) throws IOException {
        this.path = path;
        channel = FileChannel.open(
                path, OPTIONS, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        digest = Sha256.newDigest();
        boolean done = false;
        try {
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            while (channel.read(block) >= 0) {
                length += block.flip().remaining();
                digest.update(block);
                block.clear();
            }
            done = true;
        } finally {
            if (!done) {
                channel.close();
            }
        }
    }

    long length() {
        return length;
    }

    /** Whether what the file holds already has this digest. */
    boolean matches(String sha256) {
        try {
            return HexFormat.of()
                    .formatHex(((MessageDigest) digest.clone()).digest())
                    .equals(sha256);
        } catch (CloneNotSupportedException e) {
            return false; // only means that what is there is asked for once more
        }
    }

    void truncate() throws IOException {
        channel.truncate(0);
        digest.reset();
        length = 0;
    }

    void append(byte[] bytes, int count) throws IOException {
        digest.update(bytes, 0, count);
        for (int from = 0; from < count; from += BLOCK) {
            int size = Math.min(BLOCK, count - from);
            if (!isZero(bytes, from, size)) {
                write(ByteBuffer.wrap(bytes, from, size), length + from);
            }
        }
        length += count;
    }

    private void write(ByteBuffer block, long start) throws IOException {
        long position = start;
        try {
            while (block.hasRemaining()) {
                position += channel.write(block, position);
            }
        } catch (ClosedChannelException e) {
            throw e; // this thread was interrupted
        } catch (IOException e) {
            throw new IOException("writing " + path + " failed at " + (position >> 20) + " MiB: " + e.getMessage(), e);
        }
    }

    /** Gives the file its full length (its end may be a hole), writes it to the disk and returns its digest. */
    String finish() throws IOException {
        extend();
        channel.force(true);
        return HexFormat.of().formatHex(digest.digest());
    }

    @Override
    public void close() throws IOException {
        try {
            extend();
        } finally {
            channel.close();
        }
    }

    private void extend() throws IOException {
        if (channel.isOpen() && length > 0 && channel.size() < length) {
            channel.write(ByteBuffer.allocate(1), length - 1);
        }
    }

    private static boolean isZero(byte[] bytes, int from, int count) {
        for (int i = from; i < from + count; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
