package io.kelpie.it.chaos;

import io.kelpie.it.cluster.Commands;
import io.kelpie.it.cluster.Distribution;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A guest of 512 bytes that writes an increasing number to its own disk; {@code guests/sequence.s} is its source and
 * says what it writes where. {@link Observer} reads it.
 */
final class SequenceGuest {
    private static final int IMAGE_BYTES = 1 << 20;
    private static final int SECTOR = 512;
    private static final int MAGIC = 0x51455351;
    private static final int HEAD = 64;
    private static final int RING = 128;
    private static final int RING_SECTORS = 1024;
    private static final int RECORD_BYTES = 20;

    private SequenceGuest() {}

    /**
     * Writes the guest as a raw image of 1 MiB. No sector of it is empty, so that a copy of it has a place for each and
     * the guest's writes change no table of the copy's format.
     */
    static void writeTo(Path file) throws IOException, InterruptedException {
        Path source = Distribution.sourceTree().resolve("integration-tests/src/test/resources/guests/sequence.s");
        Path object = file.resolveSibling(file.getFileName() + ".o");
        Path code = file.resolveSibling(file.getFileName() + ".code");
        Commands.run("as", "--32", source.toString(), "-o", object.toString());
        Commands.run(
                "ld",
                "-m",
                "elf_i386",
                "-Ttext",
                "0x7c00",
                "-e",
                "_start",
                "--oformat",
                "binary",
                "-o",
                code.toString(),
                object.toString());
        byte[] sector = Files.readAllBytes(code);
        if (sector.length != SECTOR) {
            throw new IOException("the guest has " + sector.length + " bytes");
        }
        byte[] image = new byte[IMAGE_BYTES];
        Arrays.fill(image, (byte) 0x4B);
        System.arraycopy(sector, 0, image, 0, SECTOR);
        writeRecord(image, HEAD);
        for (int i = 0; i < RING_SECTORS; i++) {
            writeRecord(image, RING + i);
        }
        Files.write(file, image);
        Files.delete(object);
        Files.delete(code);
    }

    private static void writeRecord(byte[] image, int sector) {
        Arrays.fill(image, sector * SECTOR, sector * SECTOR + RECORD_BYTES, (byte) 0);
        ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN).putInt(sector * SECTOR, MAGIC);
    }
}
