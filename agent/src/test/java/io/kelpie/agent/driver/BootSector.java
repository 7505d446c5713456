package io.kelpie.agent.driver;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** A guest of one boot sector: prints a line on its first serial port, then does one thing more. Deaf to ACPI. */
public final class BootSector {
    /** Firmware refuses a disk of less than a cylinder; the rest of the file is a hole. */
    private static final long DISK_BYTES = 1 << 20;

    private static final int LOAD_ADDRESS = 0x7C00;

    /** What the guest does after it has printed. */
    public enum Then {
        /** Halts for ever. */
        HALT(0xFB, 0xF4, 0xEB, 0xFD), // sti; hlt; jmp to the hlt
        /** Turns its machine off. */
        POWER_OFF(0xBA, 0x04, 0x06, 0xB8, 0x00, 0x20, 0xEF, 0xF4), // mov dx, 0x604; mov ax, 0x2000; out dx, ax; hlt
        /** Resets its machine, so that it boots again. */
        RESET(0xB0, 0xFE, 0xE6, 0x64, 0xF4); // mov al, 0xfe; out 0x64, al; hlt

        @SuppressWarnings("ImmutableEnumChecker") // nobody writes to it
        private final int[] code;

        Then(int... code) {
            this.code = code;
        }
    }

    private BootSector() {}

    /** Writes a raw disk whose guest prints {@code line} and halts. */
    public static void write(Path disk, String line) throws IOException {
        write(disk, line, Then.HALT);
    }

    /** Writes a raw disk whose guest prints {@code line}. */
    public static void write(Path disk, String line, Then then) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.write(sector(line, then));
            file.setLength(DISK_BYTES);
        }
    }

    private static byte[] sector(String line, Then then) {
        int text = LOAD_ADDRESS + 20 + then.code.length; // right after the code
        int[] print = {
            0xFA, // cli
            0x31,
            0xC0, // xor ax, ax
            0x8E,
            0xD8, // mov ds, ax
            0xFC, // cld
            0xBE,
            text & 0xFF,
            text >> 8, // mov si, text
            0xAC, // next: lodsb
            0x84,
            0xC0, // test al, al
            0x74,
            0x06, // jz to the end
            0xBA,
            0xF8,
            0x03, // mov dx, 0x3f8
            0xEE, // out dx, al
            0xEB,
            0xF5 // jmp next
        };
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        IntStream.concat(Arrays.stream(print), Arrays.stream(then.code)).forEach(bytes::write);
        bytes.writeBytes((line + "\r\n\0").getBytes(StandardCharsets.US_ASCII));
        if (bytes.size() > 510) {
            throw new IllegalArgumentException("the line does not fit into a boot sector");
        }
        bytes.writeBytes(new byte[510 - bytes.size()]);
        bytes.write(0x55);
        bytes.write(0xAA);
        return bytes.toByteArray();
    }
}
