/*
 * kelpie-guard: the parent of one QEMU.
 *
 *   kelpie-guard --instance ID --record FILE --exit FILE [--stderr FILE] [--lock FILE] [--qmp-fd N]
 *                [--deadline FILE --lineage N] -- PROGRAM ARGS...
 *   kelpie-guard QEMU'S ARGS...
 *
 * What it promises:
 *
 *  1. No QEMU exists that its record does not announce: the pids, start times and the boot id of the guard and of the
 *     process that will become QEMU are in the record, durably, before that process is let go on to QEMU.
 *  2. No QEMU outlives its guard: QEMU has PR_SET_PDEATHSIG = SIGKILL, set before exec with the parent checked after
 *     it. So whoever kills the guard (SIGKILL; every other signal is ignored) kills QEMU, in the kernel.
 *  3. One instance is run at most once. The lock file is locked while the guard or its QEMU lives (QEMU inherits the
 *     locked description), a record or exit file that is there already is a run that was, and a lock file that is not
 *     empty was closed by the agent: nothing may start under it any more. In all three cases the guard refuses.
 *  4. With --deadline, QEMU runs only under the host's lease. After the record is published, and once more right before
 *     exec, the deadline file must say that the lease of the lineage N lasts; else the guard refuses. When the deadline
 *     that it last read has come, the guard reads the file again, and unless the same lineage has a later one it kills
 *     QEMU. Between exec and QEMU's death the guard writes no file and waits for none but the deadline file, which is
 *     why that one must lie in memory (tmpfs): a hanging disk delays no kill.
 *  5. How QEMU ended is in the exit file, durably, before the guard ends. QEMU is dead before it is written.
 *
 * It outlives the agent: own session, no controlling terminal, no descriptor of the agent's. It does not fork itself
 * into the background: the pid that the agent spawned is the guard, and the agent sees its end as that of a child.
 *
 * Three files, all of text lines "key value". The last line is the CRC-32 (IEEE, as in zlib) of all bytes before it, as
 * 8 hex digits. All are replaced atomically, by rename.
 *
 * Record, written by the guard:               Exit file, written by the guard:
 *
 *   kelpie-guard 1                              kelpie-exit 1
 *   instance <ID>                               instance <ID>
 *   boot <boot id of the kernel>                ended <how> <number>
 *   guard <pid> <start time>                    answered yes | no
 *   qemu <pid> <start time>                     shutdown <JSON of QMP's SHUTDOWN event>
 *   crc32 <8 hex digits>                        crc32 <8 hex digits>
 *
 * A start time is field 22 of /proc/PID/stat, in clock ticks since boot: with the pid and the boot id it names a
 * process for ever. How and number: "exit" and QEMU's exit code; "signal" and the signal that ended QEMU; "exec" and
 * the errno for which QEMU could not be executed; "refused" and 0 if the host held no lease of the lineage, so that QEMU
 * never ran; "deadline" and 9 if the guard killed QEMU because the lease had ended. The line "shutdown" is missing if
 * there was no such event (or no --qmp-fd). Both files are synced to the disk, and so are their folders.
 *
 * Deadline file, written by the agent, one for all instances of the host:
 *
 *   kelpie-deadline 1
 *   boot <boot id of the kernel>
 *   lineage <number>
 *   deadline <nanoseconds of CLOCK_BOOTTIME> | none | thaw
 *   crc32 <8 hex digits>
 *
 * The lineage is that of the lease which the host holds, or held last. "none": the host holds no lease. "thaw": the
 * lease has no end before a later one is written; the guard looks every second. A file that is missing, damaged or of
 * another boot is as good as "none". Numbers are decimal, without sign, of at most 19 digits. It matters within one boot
 * only and is not synced.
 *
 * With --qmp-fd, QEMU inherits one end of a socket pair under that number, meant for a monitor of the guard's own
 * (-chardev socket,id=guard,fd=N -mon chardev=guard,mode=control). The guard enables it and only listens: "answered"
 * tells whether QEMU's main loop ever ran, that is, whether QEMU came up; "shutdown" tells who asked for the end. So
 * both are known even of an instance that ended while no agent ran.
 *
 * In libvirt's hands. The second form is for a domain's <emulator>: arguments that begin with a single "-" are QEMU's,
 * and the guard's come from the environment: KELPIE_QEMU (the program), KELPIE_INSTANCE, KELPIE_RECORD, KELPIE_EXIT,
 * KELPIE_DEADLINE, KELPIE_LINEAGE; none of them may be missing. libvirt also runs an emulator to find out what it can do,
 * with "-machine none,..." and without these: then the guard simply becomes DEFAULT_QEMU.
 *
 * Without --stderr the guard stays where it was started, in its session, with its descriptors and standard streams, and
 * hands all of them on to QEMU, and a SIGTERM too: libvirt takes the guard for its QEMU, and asks it to end by SIGTERM.
 *
 * Exit status: see status.h.
 *
 * Where what is: options (what it was told), record (lock, record and exit file), lease (the deadline file), qemu (the
 * process that becomes QEMU, and the main loop that waits for its end), monitor (what QEMU says), files (text files with a
 * checksum).
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "options.h"
#include "qemu.h"
#include "record.h"
#include "status.h"

/* Leaves the agent's session and its descriptors; standard error is the file from now on. */
static bool detach(const struct options *options) {
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take QEMU's exit status away */
    if (options->error_file == NULL) {
        return true;
    }
    setsid(); /* fails only for the leader of a process group, which has no terminal of the agent's then */
    umask(077);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int error = open(options->error_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (null < 0 || error < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0
        || dup2(error, STDERR_FILENO) < 0 || chdir("/") < 0) {
        return false;
    }
    close_range(STDERR_FILENO + 1, ~0u, 0); /* an old kernel refuses: the agent has closed its own already */
    return true;
}

int main(int argc, char **argv) {
    struct options options;
    char boot_id[64];
    if (is_emulator(argv) && is_probe(argv)) {
        argv[0] = DEFAULT_QEMU;
        execv(argv[0], argv);
        complain(DEFAULT_QEMU, errno);
        return STATUS_EXEC_FAILED;
    }
    if (!(is_emulator(argv) ? parse_environment(argc, argv, &options) : parse(argc, argv, &options))) {
        complain("usage: kelpie-guard --instance ID --record FILE --exit FILE [--stderr FILE] [--lock FILE] [--qmp-fd N]"
                 " [--deadline FILE --lineage N] -- PROGRAM ARGS...  (every path absolute)",
                 0);
        return STATUS_USAGE;
    }
    if (!detach(&options) || !read_small("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id)) {
        complain("detaching", errno);
        return STATUS_SYSTEM;
    }
    enum status locked = take_lock(&options);
    return locked == STATUS_QEMU_ENDED ? run(&options, boot_id) : locked;
}
