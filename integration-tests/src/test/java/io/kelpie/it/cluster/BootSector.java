package io.kelpie.it.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A guest of 512 bytes: prints a greeting on the first serial port and halts. It does not know ACPI, so it is stopped
 * only by the later rungs of the ladder.
 */
public final class BootSector {
    /** What the guest prints. */
    public static final String GREETING = "hello from the boot sector";

    private static final int SECTOR_BYTES = 512;
    private static final int MESSAGE_OFFSET = 0x16;
    private static final int[] CODE = {
        0xFC, // cld
        0x31,
        0xC0, // xor ax, ax
        0x8E,
        0xD8, // mov ds, ax
        0xBE,
        MESSAGE_OFFSET,
        0x7C, // mov si, message
        0xBA,
        0xF8,
        0x03, // mov dx, 0x3f8
        0xAC, // next: lodsb
        0x84,
        0xC0, // test al, al
        0x74,
        0x03, // jz halt
        0xEE, // out dx, al
        0xEB,
        0xF8, // jmp next
        0xF4, // halt: hlt
        0xEB,
        0xFD, // jmp halt
    };

    private BootSector() {}

    /** Writes the guest as a raw image of 1 MiB. */
    public static void writeTo(Path file) throws IOException {
        byte[] image = new byte[1 << 20];
        for (int i = 0; i < CODE.length; i++) {
            image[i] = (byte) CODE[i];
        }
        byte[] message = (GREETING + "\r\n").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(message, 0, image, MESSAGE_OFFSET, message.length);
        image[SECTOR_BYTES - 2] = 0x55;
        image[SECTOR_BYTES - 1] = (byte) 0xAA;
        Files.write(file, image);
    }
}
