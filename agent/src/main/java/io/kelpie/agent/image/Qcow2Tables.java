package io.kelpie.agent.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;

/**
 * Checks that all that a qcow2 file's tables point to lies within the file, which a file cut short does not pass. The
 * work is bounded by the file's own size.
 */
final class Qcow2Tables {
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    private static final long COMPRESSED = 1L << 62;
    private static final long MAX_L1_BYTES = 32L << 20; // QEMU's own limit
    private static final int EXTENDED_L2_BIT = 4;

    private Qcow2Tables() {}

    static void check(SeekableByteChannel file, Qcow2Header header) throws Qcow2Header.MalformedException, IOException {
        long length = file.size();
        long clusterBytes = 1L << header.clusterBits();
        boolean extended = (header.incompatibleFeatures() >> EXTENDED_L2_BIT & 1) == 1;
        long l2Entries = clusterBytes / (extended ? 16 : 8);
        long bytesPerL1Entry = clusterBytes * l2Entries;
        long neededL1Entries = (header.virtualSizeBytes() + bytesPerL1Entry - 1) / bytesPerL1Entry;
        long l1Bytes = header.l1Entries() * 8;
        if (header.l1Entries() < neededL1Entries || l1Bytes > MAX_L1_BYTES) {
            throw new Qcow2Header.MalformedException("has an L1 table that does not fit its size");
        }
        within(header.l1Offset(), l1Bytes, length, "L1 table");
        within(header.refcountOffset(), header.refcountClusters() * clusterBytes, length, "refcount table");
        ByteBuffer l1 = Qcow2Header.readAt(file, header.l1Offset(), (int) l1Bytes);
        long l2Tables = 0;
        while (l1.remaining() >= 8) {
            long l2Offset = l1.getLong() & OFFSET_MASK;
            if (l2Offset == 0) {
                continue;
            }
            within(l2Offset, clusterBytes, length, "L2 table");
            l2Tables++;
            if (l2Tables * clusterBytes > length) {
                throw new Qcow2Header.MalformedException("has L2 tables that overlap");
            }
            checkL2(Qcow2Header.readAt(file, l2Offset, (int) clusterBytes), extended, header.clusterBits(), length);
        }
    }

    private static void checkL2(ByteBuffer l2, boolean extended, int clusterBits, long length)
            throws Qcow2Header.MalformedException {
        long compressedMask = (1L << (62 - (clusterBits - 8))) - 1;
        int step = extended ? 16 : 8;
        for (int at = 0; at + step <= l2.limit(); at += step) {
            long entry = l2.getLong(at);
            long offset = (entry & COMPRESSED) != 0 ? entry & compressedMask : entry & OFFSET_MASK;
            // The last cluster may end before its size does, but not before it begins.
            if (offset >= length) {
                throw cutShort("data");
            }
        }
    }

    private static void within(long offset, long bytes, long length, String what)
            throws Qcow2Header.MalformedException {
        if (offset < 0 || bytes < 0 || offset > length || bytes > length - offset) {
            throw cutShort(what);
        }
    }

    private static Qcow2Header.MalformedException cutShort(String what) {
        return new Qcow2Header.MalformedException("is cut short: it ends before its " + what + " does");
    }
}
