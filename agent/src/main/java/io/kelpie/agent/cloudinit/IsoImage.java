package io.kelpie.agent.cloudinit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An ISO 9660 volume with a few files in its root folder, with a Joliet tree beside the primary one: Linux, the BSDs and
 * Windows show the names as they were given. The bytes follow from the content alone. Written out here because it is
 * one sector of each kind, and starting a program that does it takes longer than starting a guest.
 */
final class IsoImage {
    private static final int SECTOR = 2048;
    private static final int MAX_FILES = 8;
    private static final int MAX_NAME = 26;
    private static final String JOLIET_LEVEL_3 = "%/E";

    // Sectors 0 to 15 are not ISO 9660's.
    private static final int PRIMARY = 16;
    private static final int JOLIET = 17;
    private static final int TERMINATOR = 18;
    private static final int PRIMARY_PATHS_LITTLE = 19;
    private static final int PRIMARY_PATHS_BIG = 20;
    private static final int JOLIET_PATHS_LITTLE = 21;
    private static final int JOLIET_PATHS_BIG = 22;
    private static final int PRIMARY_ROOT = 23;
    private static final int JOLIET_ROOT = 24;
    private static final int FIRST_FILE = 25;

    private static final int PATH_TABLE_BYTES = 10;
    private static final int FOLDER_RECORD_BYTES = 34;
    private static final int FLAG_FOLDER = 2;
    private static final byte[] SELF = {0};
    private static final byte[] PARENT = {1};
    // Years since 1900, month, day, hour, minute, second, zone: one fixed day, so that equal content gives equal bytes.
    private static final byte[] DATE = {100, 1, 1, 0, 0, 0, 0};

    private IsoImage() {}

    /** The volume's bytes. {@code files}: content by name; names are lower-case ASCII letters, digits and '-'. */
    static byte[] of(String label, Map<String, byte[]> files) {
        if (files.size() > MAX_FILES) {
            throw new IllegalArgumentException("more than " + MAX_FILES + " files");
        }
        SortedMap<String, byte[]> sorted = new TreeMap<>(files);
        int sectors = FIRST_FILE;
        for (Map.Entry<String, byte[]> file : sorted.entrySet()) {
            if (!file.getKey().matches("[a-z0-9-]{1," + MAX_NAME + "}")) {
                throw new IllegalArgumentException("name of a file: " + file.getKey());
            }
            sectors += sectorsOf(file.getValue());
        }
        ByteBuffer iso = ByteBuffer.allocate(Math.multiplyExact(sectors, SECTOR));
        descriptor(iso, PRIMARY, label, sectors);
        descriptor(iso, JOLIET, label, sectors);
        at(iso, TERMINATOR).put((byte) 255).put(ascii("CD001")).put((byte) 1);
        pathTable(iso, PRIMARY_PATHS_LITTLE, PRIMARY_ROOT, ByteOrder.LITTLE_ENDIAN);
        pathTable(iso, PRIMARY_PATHS_BIG, PRIMARY_ROOT, ByteOrder.BIG_ENDIAN);
        pathTable(iso, JOLIET_PATHS_LITTLE, JOLIET_ROOT, ByteOrder.LITTLE_ENDIAN);
        pathTable(iso, JOLIET_PATHS_BIG, JOLIET_ROOT, ByteOrder.BIG_ENDIAN);
        folder(iso, PRIMARY_ROOT, sorted);
        folder(iso, JOLIET_ROOT, sorted);
        int sector = FIRST_FILE;
        for (byte[] content : sorted.values()) {
            at(iso, sector).put(content);
            sector += sectorsOf(content);
        }
        return iso.array();
    }

    private static void descriptor(ByteBuffer iso, int sector, String label, int sectors) {
        boolean joliet = sector == JOLIET;
        Charset charset = joliet ? StandardCharsets.UTF_16BE : StandardCharsets.US_ASCII;
        ByteBuffer buffer = at(iso, sector);
        int start = buffer.position();
        buffer.put((byte) (joliet ? 2 : 1)).put(ascii("CD001")).put((byte) 1).put((byte) 0);
        text(buffer, "LINUX", 32, charset);
        text(buffer, label, 32, charset);
        buffer.position(start + 80);
        both32(buffer, sectors);
        if (joliet) {
            buffer.put(ascii(JOLIET_LEVEL_3));
        }
        buffer.position(start + 120);
        both16(buffer, 1); // volumes in the set
        both16(buffer, 1); // number of this one
        both16(buffer, SECTOR);
        both32(buffer, PATH_TABLE_BYTES);
        buffer.order(ByteOrder.LITTLE_ENDIAN).putInt(joliet ? JOLIET_PATHS_LITTLE : PRIMARY_PATHS_LITTLE);
        buffer.putInt(0); // no second copy
        buffer.order(ByteOrder.BIG_ENDIAN).putInt(joliet ? JOLIET_PATHS_BIG : PRIMARY_PATHS_BIG);
        buffer.putInt(0);
        record(buffer, SELF, joliet ? JOLIET_ROOT : PRIMARY_ROOT, SECTOR, FLAG_FOLDER);
        text(buffer, "", 128, charset); // volume set
        text(buffer, "", 128, charset); // publisher
        text(buffer, "", 128, charset); // preparer
        text(buffer, "KELPIE", 128, charset); // application
        text(buffer, "", 37, charset); // file with the copyright
        text(buffer, "", 37, charset); // file with the abstract
        text(buffer, "", 37, charset); // file with the bibliography
        for (int i = 0; i < 4; i++) { // made, changed, expires, valid from: not given
            buffer.put(ascii("0000000000000000")).put((byte) 0);
        }
        buffer.put((byte) 1); // version of the folders' structure
    }

    private static void pathTable(ByteBuffer iso, int sector, int root, ByteOrder order) {
        ByteBuffer buffer = at(iso, sector);
        buffer.put((byte) 1).put((byte) 0); // lengths of the name and of the extended attributes
        buffer.order(order).putInt(root).putShort((short) 1).order(ByteOrder.BIG_ENDIAN);
        buffer.put((byte) 0).put((byte) 0); // the root's name and padding
    }

    private static void folder(ByteBuffer iso, int sector, SortedMap<String, byte[]> files) {
        ByteBuffer buffer = at(iso, sector);
        record(buffer, SELF, sector, SECTOR, FLAG_FOLDER);
        record(buffer, PARENT, sector, SECTOR, FLAG_FOLDER);
        int fileSector = FIRST_FILE;
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] name = sector == JOLIET_ROOT
                    ? (file.getKey() + ";1").getBytes(StandardCharsets.UTF_16BE)
                    : ascii(file.getKey().toUpperCase(Locale.ROOT) + ".;1");
            record(buffer, name, fileSector, file.getValue().length, 0);
            fileSector += sectorsOf(file.getValue());
        }
    }

    private static void record(ByteBuffer buffer, byte[] name, int sector, int bytes, int flags) {
        int length = FOLDER_RECORD_BYTES - 1 + name.length;
        boolean padded = length % 2 != 0;
        buffer.put((byte) (padded ? length + 1 : length)).put((byte) 0);
        both32(buffer, sector);
        both32(buffer, bytes);
        buffer.put(DATE).put((byte) flags).put((byte) 0).put((byte) 0); // not interleaved
        both16(buffer, 1); // number of the volume
        buffer.put((byte) name.length).put(name);
        if (padded) {
            buffer.put((byte) 0);
        }
    }

    private static int sectorsOf(byte[] content) {
        return (content.length + SECTOR - 1) / SECTOR;
    }

    private static ByteBuffer at(ByteBuffer iso, int sector) {
        return iso.order(ByteOrder.BIG_ENDIAN).position(sector * SECTOR);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** A field of text, padded with spaces; the odd byte of a two-byte text stays zero. */
    private static void text(ByteBuffer buffer, String text, int width, Charset charset) {
        int end = buffer.position() + width;
        byte[] space = " ".getBytes(charset);
        buffer.put(text.getBytes(charset));
        while (buffer.position() + space.length <= end) {
            buffer.put(space);
        }
        buffer.position(end);
    }

    private static void both32(ByteBuffer buffer, int value) {
        buffer.order(ByteOrder.LITTLE_ENDIAN)
                .putInt(value)
                .order(ByteOrder.BIG_ENDIAN)
                .putInt(value);
    }

    private static void both16(ByteBuffer buffer, int value) {
        buffer.order(ByteOrder.LITTLE_ENDIAN).putShort((short) value);
        buffer.order(ByteOrder.BIG_ENDIAN).putShort((short) value);
    }
}
