# A guest of one sector that writes an increasing number to its own disk, three times a second.
#
# Sector 64 is the head, sectors 128 to 1151 are a ring: the write of number n goes to ring sector n mod 1024 and then
# to the head. Each holds (little endian, 4 bytes each)
#
#    0  the magic number 0x51455351
#    4  the number
#    8  how often the guest has booted on this disk
#   12  a number that this boot has drawn, odd
#   16  breaks: how often the head was not what this boot had written to it last
#
# A second writer on the disk shows as a break, a lost write as a number that falls.

        .code16
        .globl  _start
        .set    magic, 0x51455351
        .set    buffer, 0x8000
        .set    look, 0x8200
        .set    head_sector, 64
        .set    ring_sector, 128
        .set    ring_mask, 1023

_start: cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movb    %dl, drive
        cld
        sti
        rdtsc
        orl     $1, %eax
        movl    %eax, token

        movw    $buffer, %di
        call    read_head
        movl    $magic, buffer
        incl    buffer + 8
        movl    token, %eax
        movl    %eax, buffer + 12
        jmp     write

next:   movw    $6, %cx                 # the timer ticks 18.2 times a second
idle:   hlt
        loop    idle
        movw    $look, %di
        call    read_head
        movl    look + 4, %eax
        cmpl    %eax, buffer + 4
        jne     broken
        movl    look + 12, %eax
        cmpl    %eax, buffer + 12
        je      write
broken: incl    buffer + 16

write:  incl    buffer + 4
        movl    buffer + 4, %eax
        andl    $ring_mask, %eax
        addl    $ring_sector, %eax
        movw    $buffer, %di
        movb    $0x43, %bh
        call    transfer
        movl    $head_sector, %eax
        movb    $0x43, %bh
        call    transfer
        jmp     next

# Reads the head to di.
read_head:
        movl    $head_sector, %eax
        movb    $0x42, %bh

# Reads (bh 0x42) or writes (0x43) sector eax from or to di; tries until it has succeeded.
transfer:
        movl    %eax, packet + 8
        movw    %di, packet + 4
        movw    $1, packet + 2
        movw    $packet, %si
        movb    drive, %dl
        movb    %bh, %ah
        xorb    %al, %al
        pushw   %bx
        pushw   %di
        int     $0x13
        popw    %di
        popw    %bx
        sti
        jnc     done
        hlt
        movl    packet + 8, %eax
        jmp     transfer
done:   ret

        .balign 4
packet: .byte   16, 0
        .word   1                       # one sector
        .word   0, 0                    # offset and segment
        .long   0, 0                    # sector
token:  .long   0
drive:  .byte   0

        .org    510
        .word   0xaa55
