package io.kelpie.agent.image;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Formats that are recognised in order to be refused by name; without this they would pass as raw disks. */
enum ForeignFormat {
    VMDK("VMDK", true),
    VHD("VHD", true),
    VHDX("VHDX", true),
    VDI("VDI", true),
    QED("QED", true),
    PARALLELS("Parallels", true),
    BOCHS("Bochs", true),
    DMG("DMG", true),
    LUKS("LUKS (encrypted)", false),
    TAR("tar or OVA", false),
    GZIP("gzip", false),
    XZ("xz", false),
    ZSTD("zstd", false),
    BZIP2("bzip2", false),
    ZIP("zip", false);

    /** How many bytes of a file's beginning are looked at. */
    static final int HEAD_BYTES = 1024;

    /** How many bytes of a file's end are looked at. */
    static final int TAIL_BYTES = 512;

    private static final int VDI_SIGNATURE = 0xbeda107f;
    private static final int VDI_SIGNATURE_OFFSET = 64;
    private static final int TAR_SIGNATURE_OFFSET = 257;

    private final String label;
    private final boolean convertible;

    ForeignFormat(String label, boolean convertible) {
        this.label = label;
        this.convertible = convertible;
    }

    String label() {
        return label;
    }

    String fix() {
        return convertible
                ? "convert it with: qemu-img convert -O qcow2"
                : "unpack or decrypt it, and give the qcow2 or raw disk itself";
    }

    /** The foreign format of a file with this beginning and this end, if it is one of these. */
    static Optional<ForeignFormat> of(ByteBuffer head, ByteBuffer tail) {
        String start = latin1(head);
        String end = latin1(tail);
        if (start.startsWith("KDMV") || start.startsWith("COWD") || start.contains("# Disk DescriptorFile")) {
            return Optional.of(VMDK);
        }
        if (start.startsWith("conectix") || end.startsWith("conectix")) {
            return Optional.of(VHD);
        }
        if (start.startsWith("vhdxfile")) {
            return Optional.of(VHDX);
        }
        if (start.startsWith("<<< ") || vdiSignature(head)) {
            return Optional.of(VDI);
        }
        if (start.startsWith("QED\0")) {
            return Optional.of(QED);
        }
        if (start.startsWith("WithoutFreeSpace") || start.startsWith("WithouFreSpacExt")) {
            return Optional.of(PARALLELS);
        }
        if (start.startsWith("Bochs Virtual HD Image")) {
            return Optional.of(BOCHS);
        }
        if (end.startsWith("koly")) {
            return Optional.of(DMG);
        }
        if (start.startsWith("LUKS\u00ba\u00be")) {
            return Optional.of(LUKS);
        }
        if (start.startsWith("ustar", TAR_SIGNATURE_OFFSET)) {
            return Optional.of(TAR);
        }
        if (start.startsWith("\u001f\u008b")) {
            return Optional.of(GZIP);
        }
        if (start.startsWith("\u00fd7zXZ\0")) {
            return Optional.of(XZ);
        }
        if (start.startsWith("(\u00b5/\u00fd")) {
            return Optional.of(ZSTD);
        }
        if (start.startsWith("BZh")) {
            return Optional.of(BZIP2);
        }
        if (start.startsWith("PK\u0003\u0004")) {
            return Optional.of(ZIP);
        }
        return Optional.empty();
    }

    private static boolean vdiSignature(ByteBuffer head) {
        return head.limit() >= VDI_SIGNATURE_OFFSET + 4
                && Integer.reverseBytes(head.getInt(VDI_SIGNATURE_OFFSET)) == VDI_SIGNATURE;
    }

    private static String latin1(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes.duplicate()).toString();
    }
}
