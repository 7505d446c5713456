package io.kelpie.agent.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Builds small qcow2 files, sound by default, hostile on request. */
public final class Qcow2Builder {
    private static final int CLUSTER = 65536;

    private int version = 3;
    private long virtualSize = 1 << 20;
    private int cryptMethod;
    private long incompatible;
    private int l1Entries = 1;
    private long l1Offset = 3L * CLUSTER;
    private long l2Offset = 4L * CLUSTER;
    private long dataOffset = 5L * CLUSTER;
    private long length = 6L * CLUSTER;
    private int clusterBits = 16;
    private String backing = "";
    private int extensionType;

    public static Qcow2Builder qcow2() {
        return new Qcow2Builder();
    }

    public Qcow2Builder version(int value) {
        version = value;
        return this;
    }

    public Qcow2Builder virtualSize(long bytes) {
        virtualSize = bytes;
        return this;
    }

    public Qcow2Builder encrypted() {
        cryptMethod = 2;
        return this;
    }

    public Qcow2Builder incompatible(long bits) {
        incompatible = bits;
        return this;
    }

    public Qcow2Builder backing(String name) {
        backing = name;
        return this;
    }

    public Qcow2Builder extension(int type) {
        extensionType = type;
        return this;
    }

    public Qcow2Builder clusterBits(int bits) {
        clusterBits = bits;
        return this;
    }

    public Qcow2Builder l1Entries(int count) {
        l1Entries = count;
        return this;
    }

    public Qcow2Builder l1Offset(long offset) {
        l1Offset = offset;
        return this;
    }

    public Qcow2Builder l2Offset(long offset) {
        l2Offset = offset;
        return this;
    }

    public Qcow2Builder dataOffset(long offset) {
        dataOffset = offset;
        return this;
    }

    public Qcow2Builder cutTo(long bytes) {
        length = bytes;
        return this;
    }

    public byte[] bytes() {
        ByteBuffer file = ByteBuffer.allocate(6 * CLUSTER);
        file.putInt(0x514649fb).putInt(version);
        file.putLong(backing.isEmpty() ? 0 : 1024).putInt(backing.length());
        file.putInt(clusterBits).putLong(virtualSize).putInt(cryptMethod);
        file.putInt(l1Entries).putLong(l1Offset);
        file.putLong(CLUSTER).putInt(1); // refcount table
        file.putInt(0).putLong(0); // snapshots
        if (version == 3) {
            file.putLong(incompatible).putLong(0).putLong(0).putInt(4).putInt(104);
        }
        if (extensionType != 0) {
            file.putInt(extensionType).putInt(8).putLong(0x2f6574632f780000L);
        }
        file.position(1024).put(backing.getBytes(StandardCharsets.UTF_8));
        file.putLong(CLUSTER, 2L * CLUSTER); // refcount block
        for (int cluster = 0; cluster < 6; cluster++) {
            file.putShort(2 * CLUSTER + 2 * cluster, (short) 1);
        }
        file.putLong(3 * CLUSTER, l2Offset == 0 ? 0 : l2Offset | 1L << 63);
        file.putLong(4 * CLUSTER, dataOffset == 0 ? 0 : dataOffset | 1L << 63);
        file.position(5 * CLUSTER).put("content of the disk".getBytes(StandardCharsets.UTF_8));
        byte[] bytes = new byte[(int) length];
        System.arraycopy(file.array(), 0, bytes, 0, (int) Math.min(length, file.capacity()));
        return bytes;
    }

    public Path writeTo(Path path) throws IOException {
        return Files.write(path, bytes());
    }
}
