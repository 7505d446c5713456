package io.kelpie.agent.driver.libvirt;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/**
 * A guest of one boot sector that powers its machine off when the power button is pressed, as an ACPI request does. It
 * knows the ACPI registers of a q35 machine, as the firmware places them; until the firmware has read it, nobody listens
 * to the button.
 */
final class AcpiSector {
    private static final int[] CODE = {
        0xBA,
        0x02,
        0x06, // mov dx, 0x602: enabled events
        0xB8,
        0x00,
        0x01, // mov ax, 0x100: the power button
        0xEF, // out dx, ax
        0xBA,
        0x00,
        0x06, // wait: mov dx, 0x600: events that happened
        0xED, // in ax, dx
        0xF6,
        0xC4,
        0x01, // test ah, 1
        0x74,
        0xF7, // jz wait
        0xBA,
        0x04,
        0x06, // mov dx, 0x604: sleep control
        0xB8,
        0x00,
        0x20, // mov ax, 0x2000: soft off
        0xEF // out dx, ax
    };
    private static final int SECTOR_BYTES = 512;
    /** Firmware refuses a disk of less than a cylinder; the rest of the file is a hole. */
    private static final long DISK_BYTES = 1 << 20;

    private AcpiSector() {}

    /** Writes a raw disk that boots it. */
    static void write(Path disk) throws IOException {
        byte[] sector = new byte[SECTOR_BYTES];
        for (int i = 0; i < CODE.length; i++) {
            sector[i] = (byte) CODE[i];
        }
        sector[SECTOR_BYTES - 2] = 0x55;
        sector[SECTOR_BYTES - 1] = (byte) 0xAA;
        try (RandomAccessFile file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.write(sector);
            file.setLength(DISK_BYTES);
        }
    }
}
