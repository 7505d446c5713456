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
 * Exit status: see enum status.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum status {
    STATUS_QEMU_ENDED = 0,     /* QEMU ran and exited; the exit file has its code */
    STATUS_USAGE = 64,         /* the arguments are wrong; nothing was done */
    STATUS_BUSY = 65,          /* refused: another guard, or its QEMU, lives for this instance */
    STATUS_CLOSED = 66,        /* refused: the agent closed the instance */
    STATUS_ALREADY_RAN = 67,   /* refused: there is a record or an exit file */
    STATUS_EXEC_FAILED = 68,   /* QEMU could not be executed; the exit file says why */
    STATUS_NO_LEASE = 69,      /* refused: the host holds no lease of the lineage; nothing has run */
    STATUS_DEADLINE = 70,      /* QEMU ran and was killed by the guard, since the lease had ended */
    STATUS_SYSTEM = 71,        /* a system call failed before QEMU could run; nothing has run */
    STATUS_RECORD_FAILED = 72, /* a file could not be written; QEMU, if it ran, is dead */
    STATUS_SIGNALED = 73       /* QEMU ran and a signal of someone else ended it; the exit file has its number */
};

#define SECOND_NANOS UINT64_C(1000000000)
#define DEFAULT_QEMU "/usr/bin/qemu-system-x86_64"

enum {
    TEXT_MAX = 8192,        /* longest file that the guard writes, in bytes */
    LINE_MAX_BYTES = 4096,  /* longest QMP line that is looked at; longer ones are skipped */
    LISTEN_MAX = 256,       /* most chunks that are taken of the monitor at once: QEMU cannot keep the guard busy */
    INSTANCE_MAX = 128,     /* longest instance id, in bytes */
    DEADLINE_MAX = 512,     /* longest deadline file, in bytes */
    NUMBER_MAX = 19,        /* longest number in it, in digits */
    STACK_BYTES = 65536,    /* more stack than the guard ever uses */
    LOCK_FD_MIN = 64        /* the lock's descriptor is moved out of the way of --qmp-fd */
};

struct options {
    const char *instance;
    const char *record;
    const char *exit_file;
    const char *error_file; /* NULL: the guard stays in its parent's session */
    const char *lock;
    const char *deadline; /* NULL: QEMU is not leased */
    uint64_t lineage;
    int qmp_fd; /* number under which QEMU gets its end of the socket pair; -1: none */
    char **program;
};

/* A text file in the making. */
struct text {
    char bytes[TEXT_MAX];
    size_t length;
    bool overflow;
};

/* What the guard learns by listening on its monitor. */
struct monitor {
    int fd; /* -1: closed */
    char line[LINE_MAX_BYTES];
    size_t length;
    bool skipping; /* inside a line that is too long */
    bool answered;
    char shutdown[LINE_MAX_BYTES]; /* the last SHUTDOWN event; empty: none */
};

static char boot_id[64];

static void complain(const char *what, int error) {
    dprintf(STDERR_FILENO, "kelpie-guard: %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void __attribute__((format(printf, 2, 3))) append(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t space = sizeof text->bytes - text->length;
    int written = vsnprintf(text->bytes + text->length, space, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= space) {
        text->overflow = true;
    } else {
        text->length += (size_t)written;
    }
}

static uint32_t crc32(const char *bytes, size_t length) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        }
    }
    return ~crc;
}

static bool sync_folder_of(const char *path) {
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    bool synced = fsync(folder) == 0;
    int error = errno;
    close(folder);
    errno = error;
    return synced;
}

static bool write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0) {
            return false;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Adds the checksum and replaces the file, durably. */
static bool publish(struct text *text, const char *path) {
    append(text, "crc32 %08" PRIx32 "\n", crc32(text->bytes, text->length));
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (text->overflow || length < 0 || (size_t)length >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    bool written = write_all(fd, text->bytes, text->length) && fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return written && rename(temporary, path) == 0 && sync_folder_of(path);
}

/* Reads a small file of /proc; the text ends with NUL and has no line end. */
static bool read_small(const char *path, char *into, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, into, size - 1);
    close(fd);
    if (length <= 0) {
        return false;
    }
    into[length] = '\0';
    into[strcspn(into, "\n")] = '\0';
    return true;
}

/* Start time of a process in clock ticks since boot; 0 if it is not known. */
static unsigned long long start_time(pid_t pid) {
    char path[64];
    char stat[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!read_small(path, stat, sizeof stat)) {
        return 0;
    }
    /* The name, field 2, is in parentheses and may hold any character; field 3 begins 2 after the last one. */
    char *field = strrchr(stat, ')');
    for (int number = 2; field != NULL && number < 22; number++) {
        field = strchr(field + 1, ' ');
    }
    return field == NULL ? 0 : strtoull(field + 1, NULL, 10);
}

/* ---- record and exit file --------------------------------------------------------------------------------------- */

static bool publish_record(const struct options *options, pid_t qemu) {
    struct text text = {.length = 0};
    append(&text, "kelpie-guard 1\ninstance %s\nboot %s\n", options->instance, boot_id);
    append(&text, "guard %d %llu\n", (int)getpid(), start_time(getpid()));
    append(&text, "qemu %d %llu\n", (int)qemu, start_time(qemu));
    return publish(&text, options->record);
}

static bool publish_exit(const struct options *options, const char *how, int number, const struct monitor *monitor) {
    struct text text = {.length = 0};
    append(&text, "kelpie-exit 1\ninstance %s\n", options->instance);
    append(&text, "ended %s %d\nanswered %s\n", how, number, monitor->answered ? "yes" : "no");
    if (monitor->shutdown[0] != '\0') {
        append(&text, "shutdown %s\n", monitor->shutdown);
    }
    return publish(&text, options->exit_file);
}

/* ---- the guard's monitor ---------------------------------------------------------------------------------------- */

static void take_line(struct monitor *monitor) {
    static const char answer[] = "{\"return\"";
    monitor->line[monitor->length] = '\0';
    if (strncmp(monitor->line, answer, sizeof answer - 1) == 0) {
        monitor->answered = true;
    } else if (strstr(monitor->line, "\"event\": \"SHUTDOWN\"") != NULL) {
        /* Inside a JSON string these quotes would be escaped, so no guest can forge the event. */
        memcpy(monitor->shutdown, monitor->line, monitor->length + 1);
    }
}

/* Takes what is there, without waiting, and not for ever. */
static void listen_to(struct monitor *monitor) {
    char chunk[2048];
    for (int taken = 0; monitor->fd >= 0 && taken < LISTEN_MAX; taken++) {
        ssize_t length = recv(monitor->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (length <= 0) {
            if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
                close(monitor->fd);
                monitor->fd = -1;
            }
            return;
        }
        for (ssize_t i = 0; i < length; i++) {
            if (chunk[i] == '\n') {
                if (!monitor->skipping) {
                    take_line(monitor);
                }
                monitor->length = 0;
                monitor->skipping = false;
            } else if (chunk[i] == '\r') {
                continue;
            } else if (monitor->length + 1 < sizeof monitor->line) {
                monitor->line[monitor->length++] = chunk[i];
            } else {
                monitor->skipping = true;
            }
        }
    }
}

/* ---- the host's lease ------------------------------------------------------------------------------------------- */

/* What the deadline file says now. */
struct lease {
    bool holds;
    uint64_t end; /* in nanoseconds of CLOCK_BOOTTIME; 0: not before the thaw */
    const char *why; /* if it does not hold: a clause for people */
};

static uint64_t boot_nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail: the kernel has the clock, now is an address */
    return (uint64_t)now.tv_sec * SECOND_NANOS + (uint64_t)now.tv_nsec;
}

static bool skip(const char **at, const char *text) {
    size_t length = strlen(text);
    bool there = strncmp(*at, text, length) == 0;
    *at += there ? length : 0;
    return there;
}

static bool skip_number(const char **at, uint64_t *number) {
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > NUMBER_MAX) {
        return false;
    }
    *number = strtoull(*at, NULL, 10);
    *at += digits;
    return true;
}

/* Reads a file with a checksum in its last line, and cuts that off; false if the file is not whole. */
static bool read_checked(int fd, char *text, size_t size) {
    size_t length = 0;
    for (ssize_t part; length < size; length += (size_t)part) {
        part = read(fd, text + length, size - length);
        if (part < 0) {
            return false;
        }
        if (part == 0) {
            break;
        }
    }
    char checksum[sizeof "crc32 01234567\n"];
    size_t line = sizeof checksum - 1;
    if (length < line || length == size) {
        return false;
    }
    snprintf(checksum, sizeof checksum, "crc32 %08" PRIx32 "\n", crc32(text, length - line));
    bool whole = memcmp(text + length - line, checksum, line) == 0 && memchr(text, '\0', length) == NULL;
    text[length - line] = '\0';
    return whole;
}

/* Reads the deadline file. Allocates nothing. */
static struct lease read_lease(const struct options *options) {
    int fd = open(options->deadline, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return (struct lease){.why = "its deadline file cannot be opened"};
    }
    char text[DEADLINE_MAX];
    bool whole = read_checked(fd, text, sizeof text);
    close(fd);
    const char *at = text;
    uint64_t lineage;
    uint64_t end = 0;
    if (!whole || !skip(&at, "kelpie-deadline 1\nboot ")) {
        return (struct lease){.why = "its deadline file is damaged"};
    }
    if (!skip(&at, boot_id) || *at != '\n') {
        return (struct lease){.why = "its deadline file is of another boot"};
    }
    if (!skip(&at, "\nlineage ") || !skip_number(&at, &lineage) || !skip(&at, "\ndeadline ")) {
        return (struct lease){.why = "its deadline file is malformed"};
    }
    if (lineage != options->lineage) {
        return (struct lease){.why = "the host's lease is of another lineage"};
    }
    if (strcmp(at, "none\n") == 0) {
        return (struct lease){.why = "the host holds no lease"};
    }
    if (strcmp(at, "thaw\n") == 0) {
        return (struct lease){.holds = true};
    }
    if (!skip_number(&at, &end) || strcmp(at, "\n") != 0) {
        return (struct lease){.why = "its deadline file is malformed"};
    }
    return (struct lease){.holds = end > boot_nanos(), .end = end, .why = "its deadline has passed"};
}

/* Reads the deadline file and sets the timer to the next look at it; false if QEMU may not run (any longer). */
static bool rearm(const struct options *options, int timer, const char **why) {
    struct lease lease = read_lease(options);
    *why = lease.why;
    if (!lease.holds) {
        return false;
    }
    uint64_t next = lease.end != 0 ? lease.end : boot_nanos() + SECOND_NANOS;
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(next / SECOND_NANOS), .tv_nsec = (long)(next % SECOND_NANOS)}};
    *why = "the timer cannot be set";
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) == 0;
}

/* ---- before QEMU ------------------------------------------------------------------------------------------------ */

static bool parse(int argc, char **argv, struct options *options) {
    static char default_lock[4096];
    *options = (struct options){.qmp_fd = -1};
    bool lineage = false;
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--instance") == 0) {
            options->instance = argv[i + 1];
        } else if (strcmp(argv[i], "--record") == 0) {
            options->record = argv[i + 1];
        } else if (strcmp(argv[i], "--exit") == 0) {
            options->exit_file = argv[i + 1];
        } else if (strcmp(argv[i], "--stderr") == 0) {
            options->error_file = argv[i + 1];
        } else if (strcmp(argv[i], "--lock") == 0) {
            options->lock = argv[i + 1];
        } else if (strcmp(argv[i], "--deadline") == 0) {
            options->deadline = argv[i + 1];
        } else if (strcmp(argv[i], "--lineage") == 0) {
            const char *at = argv[i + 1];
            if (!skip_number(&at, &options->lineage) || *at != '\0') {
                return false;
            }
            lineage = true;
        } else if (strcmp(argv[i], "--qmp-fd") == 0) {
            options->qmp_fd = atoi(argv[i + 1]);
            if (options->qmp_fd <= STDERR_FILENO || options->qmp_fd >= LOCK_FD_MIN) {
                return false;
            }
        } else {
            return false;
        }
    }
    if (i + 1 >= argc || strcmp(argv[i], "--") != 0) {
        return false;
    }
    options->program = argv + i + 1;
    if (options->instance == NULL || options->record == NULL || options->exit_file == NULL || lineage != (options->deadline != NULL)) {
        return false;
    }
    if (options->lock == NULL) {
        snprintf(default_lock, sizeof default_lock, "%s.lock", options->record);
        options->lock = default_lock;
    }
    size_t length = strlen(options->instance);
    if (length == 0 || length > INSTANCE_MAX) {
        return false;
    }
    for (const char *c = options->instance; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return false;
        }
    }
    /* The guard goes to "/", so that it pins no file system. */
    return options->record[0] == '/' && options->exit_file[0] == '/'
           && (options->error_file == NULL || options->error_file[0] == '/') && options->lock[0] == '/' && options->program[0][0] == '/'
           && (options->deadline == NULL || options->deadline[0] == '/');
}

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

/*
 * Takes the instance's lock, for as long as the guard or QEMU lives. An open-file-description lock: the agent can test
 * it with an ordinary POSIX lock, and it is inherited.
 */
static enum status take_lock(const struct options *options) {
    int opened = open(options->lock, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    int fd = opened < 0 ? -1 : fcntl(opened, F_DUPFD, LOCK_FD_MIN);
    if (fd < 0) {
        complain(options->lock, errno);
        return STATUS_SYSTEM;
    }
    close(opened);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0) {
        bool busy = errno == EAGAIN || errno == EACCES;
        complain("the instance's lock", errno);
        return busy ? STATUS_BUSY : STATUS_SYSTEM;
    }
    struct stat stat;
    if (fstat(fd, &stat) < 0) {
        complain(options->lock, errno);
        return STATUS_SYSTEM;
    }
    if (stat.st_size > 0) {
        complain("refused: the instance was closed", 0);
        return STATUS_CLOSED;
    }
    if (access(options->record, F_OK) == 0 || access(options->exit_file, F_OK) == 0) {
        complain("refused: the instance has been run", 0);
        return STATUS_ALREADY_RAN;
    }
    return STATUS_QEMU_ENDED;
}

/*
 * Keeps the guard in memory, and makes it the last process that the kernel would kill for want of it. Best effort. The
 * stack is touched first: a locked one that had to grow could meet the limit of locked memory.
 */
static void harden(void) {
    volatile char stack[STACK_BYTES];
    for (size_t i = 0; i < sizeof stack; i += 1024) {
        stack[i] = 0;
    }
    if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0) {
        /* Without the right to lock memory the guard works, a swapped-out page only makes it slower. */
    }
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        if (write(fd, "-1000", 5) < 0) {
            /* Not allowed: it keeps the agent's score. */
        }
        close(fd);
    }
}

/* ---- QEMU ------------------------------------------------------------------------------------------------------- */

/* What the process that shall become QEMU reports instead of an errno if the lease ended before its exec. */
enum { NO_LEASE = -1 };

/* Runs in the child, does not return: waits for the guard's word, then becomes QEMU or reports why not. */
static void become_qemu(const struct options *options, pid_t guard, int qmp, int bond) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != guard) {
        _exit(STATUS_SYSTEM); /* or the guard died before the kernel knew of the bond */
    }
    char go;
    if (read(bond, &go, 1) != 1) {
        _exit(STATUS_SYSTEM);
    }
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL); /* the agent may have ignored some, and exec would keep that */
    }
    int failure = 0;
    if (sigprocmask(SIG_SETMASK, &none, NULL) == 0
        && (qmp < 0 || qmp == options->qmp_fd || dup2(qmp, options->qmp_fd) >= 0)) {
        if (qmp >= 0 && qmp == options->qmp_fd) {
            fcntl(qmp, F_SETFD, 0);
        }
        if (options->deadline == NULL || read_lease(options).holds) {
            execv(options->program[0], options->program);
        } else {
            failure = NO_LEASE;
        }
    }
    if (failure == 0) {
        failure = errno;
    }
    if (write(bond, &failure, sizeof failure) < 0) {
        /* The guard still sees the exit status. */
    }
    _exit(STATUS_EXEC_FAILED);
}

enum watch { WATCH_TIMER, WATCH_SIGNALS, WATCH_MONITOR, WATCH_BOND, WATCHES };

/* A QEMU in the guard's care. */
struct qemu {
    pid_t pid;
    int bond;     /* to the child: "go"; from it: why it did not become QEMU, or the end of the stream if it did */
    int signals;  /* signalfd */
    int timer;    /* timerfd on CLOCK_BOOTTIME; -1: not leased */
    int failure;  /* errno of exec or NO_LEASE; 0: it became QEMU */
    bool overdue; /* the guard killed it, since the lease had ended */
    struct monitor monitor;
};

static void take_failure(struct qemu *qemu) {
    if (read(qemu->bond, &qemu->failure, sizeof qemu->failure) != sizeof qemu->failure) {
        qemu->failure = 0;
    }
}

static void enforce_lease(const struct options *options, struct qemu *qemu) {
    const char *why;
    if (!rearm(options, qemu->timer, &why)) {
        kill(qemu->pid, SIGKILL); /* before all else: it can neither fail nor wait */
        qemu->overdue = true;
        complain("killing QEMU, since the host's lease has ended", 0);
        complain(why, 0);
    }
}

/* Waits for QEMU's end; everything that the guard reacts to is a descriptor in one poll. Returns its wait status. */
static int await_end(const struct options *options, struct qemu *qemu) {
    struct pollfd watched[WATCHES] = {
        [WATCH_TIMER] = {.fd = qemu->timer, .events = POLLIN},
        [WATCH_SIGNALS] = {.fd = qemu->signals, .events = POLLIN},
        [WATCH_MONITOR] = {.fd = qemu->monitor.fd, .events = POLLIN},
        [WATCH_BOND] = {.fd = qemu->bond, .events = POLLIN},
    };
    for (;;) {
        if (poll(watched, WATCHES, -1) < 0) {
            continue; /* want of kernel memory passes */
        }
        if (watched[WATCH_TIMER].revents != 0) {
            enforce_lease(options, qemu);
            watched[WATCH_TIMER].fd = qemu->overdue ? -1 : qemu->timer;
        }
        if (watched[WATCH_BOND].revents != 0) {
            take_failure(qemu);
            watched[WATCH_BOND].fd = -1;
        }
        if (watched[WATCH_MONITOR].revents != 0) {
            listen_to(&qemu->monitor);
            watched[WATCH_MONITOR].fd = qemu->monitor.fd;
        }
        if (watched[WATCH_SIGNALS].revents != 0) {
            struct signalfd_siginfo signal = {.ssi_signo = 0}; /* drained: no signal is for the guard to obey */
            if (read(qemu->signals, &signal, sizeof signal) == sizeof signal && signal.ssi_signo == SIGTERM
                && options->error_file == NULL) {
                kill(qemu->pid, SIGTERM);
            }
            int ended;
            if (waitpid(qemu->pid, &ended, WNOHANG) == qemu->pid) {
                listen_to(&qemu->monitor); /* QEMU's last words are in the socket */
                if (watched[WATCH_BOND].fd >= 0) {
                    take_failure(qemu);
                }
                return ended;
            }
        }
    }
}

/* Ends a child that has not been let go. */
static void abandon(const struct qemu *qemu) {
    kill(qemu->pid, SIGKILL);
    waitpid(qemu->pid, NULL, 0);
}

static enum status report(const struct options *options, const struct qemu *qemu, int ended) {
    enum status status;
    bool written;
    if (qemu->failure == NO_LEASE) {
        status = STATUS_NO_LEASE;
        written = publish_exit(options, "refused", 0, &qemu->monitor);
    } else if (qemu->failure != 0) {
        status = STATUS_EXEC_FAILED;
        written = publish_exit(options, "exec", qemu->failure, &qemu->monitor);
    } else if (WIFSIGNALED(ended)) {
        bool overdue = qemu->overdue && WTERMSIG(ended) == SIGKILL;
        status = overdue ? STATUS_DEADLINE : STATUS_SIGNALED;
        written = publish_exit(options, overdue ? "deadline" : "signal", WTERMSIG(ended), &qemu->monitor);
    } else {
        status = STATUS_QEMU_ENDED;
        written = publish_exit(options, "exit", WEXITSTATUS(ended), &qemu->monitor);
    }
    if (!written) {
        complain(options->exit_file, errno);
        return STATUS_RECORD_FAILED;
    }
    return status;
}

static enum status run(const struct options *options) {
    static const char enable[] = "{\"execute\": \"qmp_capabilities\"}\n";
    static struct qemu qemu;
    sigset_t all;
    sigfillset(&all);
    int bond[2];
    int sockets[2] = {-1, -1};
    if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, bond) < 0
        || (options->qmp_fd >= 0
            && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0
                || !write_all(sockets[0], enable, sizeof enable - 1)))) {
        complain("preparing", errno);
        return STATUS_SYSTEM;
    }
    qemu.bond = bond[0];
    qemu.monitor.fd = sockets[0];
    qemu.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    qemu.timer = options->deadline == NULL ? -1 : timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (qemu.signals < 0 || (options->deadline != NULL && qemu.timer < 0)) {
        complain("preparing", errno);
        return STATUS_SYSTEM;
    }
    pid_t guard = getpid();
    qemu.pid = fork();
    if (qemu.pid < 0) {
        complain("fork", errno);
        return STATUS_SYSTEM;
    }
    if (qemu.pid == 0) {
        close(bond[0]); /* so that the guard's end is seen */
        become_qemu(options, guard, sockets[1], bond[1]);
    }
    close(bond[1]);
    close(sockets[1]);
    harden(); /* only now: QEMU must inherit none of it */
    if (!publish_record(options, qemu.pid)) {
        complain(options->record, errno);
        abandon(&qemu);
        return STATUS_RECORD_FAILED;
    }
    const char *why;
    if (options->deadline != NULL && !rearm(options, qemu.timer, &why)) {
        complain("refused, since the host's lease has ended", 0);
        complain(why, 0);
        abandon(&qemu);
        qemu.failure = NO_LEASE;
        return report(options, &qemu, 0);
    }
    if (!write_all(qemu.bond, "!", 1)) {
        /* The child was killed; it will not become QEMU, and its end is seen like any other. */
    }
    return report(options, &qemu, await_end(options, &qemu));
}

/* ---- in libvirt's hands ----------------------------------------------------------------------------------------- */

static bool is_emulator(char **argv) {
    return argv[0] != NULL && argv[1] != NULL && argv[1][0] == '-' && argv[1][1] != '-';
}

/* A question of libvirt's after what QEMU can do: it runs no guest. */
static bool is_probe(char **argv) {
    for (char **word = argv; *word != NULL; word++) {
        if (strcmp(*word, "-machine") == 0) {
            return word[1] != NULL && strncmp(word[1], "none,", 5) == 0 && getenv("KELPIE_INSTANCE") == NULL;
        }
    }
    return false;
}

/* The options from the environment, in front of QEMU's arguments. */
static bool parse_environment(int argc, char **argv, struct options *options) {
    static const char *const names[][2] = {
        {"--instance", "KELPIE_INSTANCE"}, {"--record", "KELPIE_RECORD"},   {"--exit", "KELPIE_EXIT"},
        {"--deadline", "KELPIE_DEADLINE"}, {"--lineage", "KELPIE_LINEAGE"}, {"--", "KELPIE_QEMU"},
    };
    enum { NAMES = sizeof names / sizeof names[0] };
    char **words = calloc((size_t)argc + 1 + 2 * NAMES, sizeof *words); /* QEMU's arguments are there: never freed */
    if (words == NULL) {
        return false;
    }
    int count = 1; /* what would be the guard's own name is not looked at */
    for (int i = 0; i < NAMES; i++) {
        char *value = getenv(names[i][1]);
        if (value == NULL) {
            return false;
        }
        words[count++] = (char *)names[i][0];
        words[count++] = value;
    }
    memcpy(words + count, argv + 1, (size_t)argc * sizeof *words); /* with the NULL at the end */
    return parse(count + argc - 1, words, options);
}

int main(int argc, char **argv) {
    struct options options;
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
    return locked == STATUS_QEMU_ENDED ? run(&options) : locked;
}
