package io.kelpie.agent.capability;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/**
 * The guest of the probe: a boot sector that writes {@code F} to QEMU's debug port as soon as it runs in real mode, goes
 * to 64-bit mode with paging, checks there that a page other than the identical one leads to its own memory, touches a
 * page that is not there, maps it in its page-fault handler, returns, finds its own memory there too, writes {@code L},
 * and ends QEMU by the debug-exit device. It stays in a loop of {@code hlt} if a check fails.
 *
 * <p>Everything below is machine code of x86-64, assembled by hand, one instruction a line. The firmware loads it at
 * {@code 0x7c00}.
 */
final class ProbeGuest {
    /** Written in real mode. */
    static final int REAL_MODE = 'F';

    /** Written in 64-bit mode. */
    static final int LONG_MODE = 'L';

    /** Port of QEMU's isa-debugcon device. */
    static final int DEBUG_PORT = 0xE9;

    /** Port of QEMU's isa-debug-exit device. */
    static final int EXIT_PORT = 0xF4;

    /** Exit code of QEMU when the guest has done all: the device answers (value &lt;&lt; 1) | 1 to the value 0x20. */
    static final int EXIT_CODE = 0x20 << 1 | 1;

    /** Size of a boot sector, in bytes. */
    static final int SIZE = 512;

    private static final int LOAD_ADDRESS = 0x7c00;
    private static final int LONG_MODE_OFFSET = 0x80;
    private static final int GDT_OFFSET = 0xC0;
    private static final int GDT_POINTER_OFFSET = 0xE0;
    private static final int IDT_POINTER_OFFSET = 0xF0;
    private static final int FAULT_HANDLER_OFFSET = 0x100;
    private static final int FAULT_GATE_OFFSET = 0x140;
    private static final int PAGE_FAULT = 14;
    private static final int GATE_BYTES = 16;

    private static final String REAL_MODE_CODE = """
            FA                 cli
            31 C0              xor   ax, ax
            8E D8              mov   ds, ax
            8E C0              mov   es, ax
            8E D0              mov   ss, ax
            BC 00 7C           mov   sp, 0x7c00
            B0 46              mov   al, 'F'
            E6 E9              out   0xe9, al           ; real-mode code runs
            FC                 cld
            BF 00 10           mov   di, 0x1000         ; clear three pages for the page tables
            31 C0              xor   ax, ax
            B9 00 18           mov   cx, 0x1800
            F3 AB              rep stosw
            C7 06 00 10 03 20  mov   word [0x1000], 0x2003 ; level 4, entry 0 -> 0x2000, present, writable
            C7 06 00 20 03 30  mov   word [0x2000], 0x3003 ; level 3, entry 0 -> 0x3000, present, writable
            C7 06 00 30 83 00  mov   word [0x3000], 0x0083 ; level 2, entry 0: 2 MiB at 0 -> 0
            C7 06 08 30 83 00  mov   word [0x3008], 0x0083 ; level 2, entry 1: 2 MiB at 2 MiB -> 0 as well
            66 B8 20 00 00 00  mov   eax, 0x20
            0F 22 E0           mov   cr4, eax           ; physical address extension
            66 B8 00 10 00 00  mov   eax, 0x1000
            0F 22 D8           mov   cr3, eax           ; page tables
            66 B9 80 00 00 C0  mov   ecx, 0xc0000080    ; EFER
            0F 32              rdmsr
            66 0D 00 01 00 00  or    eax, 0x100         ; long mode enable
            0F 30              wrmsr
            0F 01 16 E0 7C     lgdt  [0x7ce0]
            66 B8 01 00 00 80  mov   eax, 0x80000001
            0F 22 C0           mov   cr0, eax           ; paging and protection: long mode is active
            EA 80 7C 08 00     jmp   0x08:0x7c80        ; to the 64-bit code segment
            """;

    private static final String LONG_MODE_CODE = """
            BC 00 7C 00 00     mov   esp, 0x7c00
            0F 01 1C 25 F0 7C 00 00        lidt [0x7cf0]
            66 81 3C 25 FE 7D 20 00 55 AA  cmp word [0x207dfe], 0xaa55 ; this sector's end, seen at 2 MiB
            75 14              jne   +20                ; to hlt
            66 81 3C 25 FE 7D 40 00 55 AA  cmp word [0x407dfe], 0xaa55 ; not mapped: faults, then is seen too
            75 08              jne   +8                 ; to hlt
            B0 4C              mov   al, 'L'
            E6 E9              out   0xe9, al           ; 64-bit code with paging runs
            B0 20              mov   al, 0x20
            E6 F4              out   0xf4, al           ; end QEMU
            F4                 hlt
            EB FD              jmp   -3
            """;

    private static final String FAULT_HANDLER_CODE = """
            C7 04 25 10 30 00 00 83 00 00 00  mov dword [0x3010], 0x83 ; level 2, entry 2: 2 MiB at 4 MiB -> 0
            48 83 C4 08        add   rsp, 8             ; the fault's error code
            48 CF              iretq
            """;

    private ProbeGuest() {}

    /** The boot sector. */
    static byte[] bootSector() {
        ByteBuffer sector = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        put(sector, 0, LONG_MODE_OFFSET, assemble(REAL_MODE_CODE));
        put(sector, LONG_MODE_OFFSET, GDT_OFFSET, assemble(LONG_MODE_CODE));
        put(sector, FAULT_HANDLER_OFFSET, FAULT_GATE_OFFSET, assemble(FAULT_HANDLER_CODE));
        sector.position(GDT_OFFSET)
                .putLong(0) // null
                .putLong(0x00209A0000000000L); // 0x08: code, 64-bit, present, ring 0
        sector.position(GDT_POINTER_OFFSET)
                .putShort((short) (2 * Long.BYTES - 1)) // limit
                .putInt(LOAD_ADDRESS + GDT_OFFSET);
        // Of the interrupt table only the gate of page faults is real; the others lie over code and are never used.
        sector.position(IDT_POINTER_OFFSET)
                .putShort((short) ((PAGE_FAULT + 1) * GATE_BYTES - 1)) // limit
                .putLong(LOAD_ADDRESS + FAULT_GATE_OFFSET - PAGE_FAULT * GATE_BYTES);
        sector.position(FAULT_GATE_OFFSET)
                .putShort((short) (LOAD_ADDRESS + FAULT_HANDLER_OFFSET))
                .putShort((short) 0x08) // code segment
                .putShort((short) 0x8E00) // interrupt gate, present, ring 0
                .putShort((short) 0)
                .putLong(0); // upper half of the handler's address
        sector.putShort(SIZE - 2, (short) 0xAA55); // what the firmware knows a boot sector by
        return sector.array();
    }

    private static void put(ByteBuffer sector, int from, int to, byte[] code) {
        if (code.length > to - from) {
            throw new AssertionError("the code at " + from + " has " + code.length + " bytes");
        }
        sector.position(from).put(code);
    }

    /** The bytes at the beginning of each line: pairs of digits up to two spaces. */
    private static byte[] assemble(String listing) {
        StringBuilder digits = new StringBuilder();
        listing.lines().forEach(line -> digits.append(line, 0, line.indexOf("  ")));
        return HexFormat.of().parseHex(digits.toString().replace(" ", ""));
    }
}
