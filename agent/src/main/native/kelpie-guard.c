/*
 * kelpie-guard: the parent of one QEMU.
 *
 *   kelpie-guard --instance ID --record FILE --exit FILE --stderr FILE [--lock FILE] [--qmp-fd N] -- PROGRAM ARGS...
 *
 * What it promises:
 *
 *  1. No QEMU exists that its record does not announce: the guard writes its own pid, start time and boot id to the
 *     record, durably, before it forks; and the pids of both as soon as it has forked.
 *  2. No QEMU outlives its guard: QEMU has PR_SET_PDEATHSIG = SIGKILL, set before exec with the parent checked after
 *     it. So whoever kills the guard (SIGKILL; every other signal is ignored) kills QEMU, in the kernel.
 *  3. One instance is run at most once. The lock file is locked while the guard or its QEMU lives (QEMU inherits the
 *     locked description), a record or exit file that is there already is a run that was, and a lock file that is not
 *     empty was closed by the agent: nothing may start under it any more. In all three cases the guard refuses.
 *  4. How QEMU ended is in the exit file, durably, before the guard ends.
 *
 * It outlives the agent: own session, no controlling terminal, no descriptor of the agent's. It does not fork itself
 * into the background: the pid that the agent spawned is the guard, and the agent sees its end as that of a child.
 *
 * Record:                                     Exit file:
 *
 *   kelpie-guard 1                              kelpie-exit 1
 *   instance <ID>                               instance <ID>
 *   boot <boot id of the kernel>                ended exit <code> | signal <number> | exec <errno>
 *   guard <pid> <start time>                    answered yes | no
 *   qemu <pid> <start time>                     shutdown <JSON of QMP's SHUTDOWN event>
 *   crc32 <8 hex digits>                        crc32 <8 hex digits>
 *
 * The line "qemu" is missing until QEMU was forked, the line "shutdown" if there was no such event (or no --qmp-fd).
 * A start time is field 22 of /proc/PID/stat, in clock ticks since boot: with the pid and the boot id it names a
 * process for ever. The checksum is CRC-32 (IEEE, as in zlib) of all bytes before its line. Both files are replaced
 * atomically: temporary file, fsync, rename, fsync of the folder.
 *
 * With --qmp-fd, QEMU inherits one end of a socket pair under that number, meant for a monitor of the guard's own
 * (-chardev socket,id=guard,fd=N -mon chardev=guard,mode=control). The guard enables it and only listens: "answered"
 * tells whether QEMU's main loop ever ran, that is, whether QEMU came up; "shutdown" tells who asked for the end. So
 * both are known even of an instance that ended while no agent ran.
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
#include <sys/wait.h>
#include <unistd.h>

enum status {
    STATUS_QEMU_ENDED = 0,    /* QEMU ran and ended; the exit file says how */
    STATUS_USAGE = 64,        /* the arguments are wrong; nothing was done */
    STATUS_BUSY = 65,         /* refused: another guard, or its QEMU, lives for this instance */
    STATUS_CLOSED = 66,       /* refused: the agent closed the instance */
    STATUS_ALREADY_RAN = 67,  /* refused: there is a record or an exit file */
    STATUS_EXEC_FAILED = 68,  /* QEMU could not be executed; the exit file says why */
    STATUS_SYSTEM = 71,       /* a system call failed before QEMU was forked; nothing runs */
    STATUS_RECORD_FAILED = 72 /* a file could not be written; QEMU, if it ran, was killed */
};

enum {
    TEXT_MAX = 8192,        /* longest file that the guard writes, in bytes */
    LINE_MAX_BYTES = 4096,  /* longest QMP line that is looked at; longer ones are skipped */
    INSTANCE_MAX = 128,     /* longest instance id, in bytes */
    LOCK_FD_MIN = 64        /* the lock's descriptor is moved out of the way of --qmp-fd */
};

struct options {
    const char *instance;
    const char *record;
    const char *exit_file;
    const char *error_file;
    const char *lock;
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
    if (qemu > 0) {
        append(&text, "qemu %d %llu\n", (int)qemu, start_time(qemu));
    }
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

/* Takes what is there, without waiting. */
static void listen_to(struct monitor *monitor) {
    char chunk[2048];
    while (monitor->fd >= 0) {
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

/* ---- before QEMU ------------------------------------------------------------------------------------------------ */

static bool parse(int argc, char **argv, struct options *options) {
    static char default_lock[4096];
    *options = (struct options){.qmp_fd = -1};
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
    if (options->instance == NULL || options->record == NULL || options->exit_file == NULL
        || options->error_file == NULL) {
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
    return options->record[0] == '/' && options->exit_file[0] == '/' && options->error_file[0] == '/'
           && options->lock[0] == '/' && options->program[0][0] == '/';
}

/* Leaves the agent's session and its descriptors; standard error is the file from now on. */
static bool detach(const struct options *options) {
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take QEMU's exit status away */
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

/* Makes the guard the last process that the kernel would kill for want of memory. Best effort. */
static void harden(void) {
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

/* Runs in the child, does not return: it becomes QEMU, or reports errno through the pipe. */
static void become_qemu(const struct options *options, pid_t guard, int qmp, int failure) {
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL); /* the agent may have ignored some, and exec would keep that */
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0
        && (qmp < 0 || qmp == options->qmp_fd || dup2(qmp, options->qmp_fd) >= 0)) {
        if (qmp >= 0 && qmp == options->qmp_fd) {
            fcntl(qmp, F_SETFD, 0);
        }
        if (getppid() != guard) {
            _exit(STATUS_SYSTEM); /* the guard died before the kernel knew of the bond */
        }
        execv(options->program[0], options->program);
    }
    int error = errno;
    if (write(failure, &error, sizeof error) < 0) {
        /* The guard still sees the exit status. */
    }
    _exit(STATUS_EXEC_FAILED);
}

enum watch { WATCH_SIGNALS, WATCH_MONITOR, WATCH_EXEC, WATCHES };

/*
 * Waits for QEMU's end. Everything that the guard reacts to is a descriptor in one poll: a deadline is one more, a
 * timerfd on CLOCK_BOOTTIME.
 */
static int await_end(pid_t qemu, int signals, struct monitor *monitor, int exec_pipe, int *exec_error) {
    struct pollfd watched[WATCHES] = {
        [WATCH_SIGNALS] = {.fd = signals, .events = POLLIN},
        [WATCH_MONITOR] = {.fd = monitor->fd, .events = POLLIN},
        [WATCH_EXEC] = {.fd = exec_pipe, .events = POLLIN},
    };
    for (;;) {
        if (poll(watched, WATCHES, -1) < 0) {
            continue; /* EINTR, or want of kernel memory: both pass */
        }
        if (watched[WATCH_EXEC].revents != 0) {
            /* An error number if exec failed, the end of the pipe if it did not. */
            if (read(exec_pipe, exec_error, sizeof *exec_error) != sizeof *exec_error) {
                *exec_error = 0;
            }
            watched[WATCH_EXEC].fd = -1;
        }
        if (watched[WATCH_MONITOR].revents != 0) {
            listen_to(monitor);
            watched[WATCH_MONITOR].fd = monitor->fd;
        }
        if (watched[WATCH_SIGNALS].revents != 0) {
            struct signalfd_siginfo signal; /* all of them are only drained: SIGTERM is not for the guard to obey */
            while (read(signals, &signal, sizeof signal) == sizeof signal) {
            }
            int ended;
            if (waitpid(qemu, &ended, WNOHANG) == qemu) {
                listen_to(monitor); /* QEMU's last words are in the socket */
                if (watched[WATCH_EXEC].fd >= 0
                    && read(exec_pipe, exec_error, sizeof *exec_error) != sizeof *exec_error) {
                    *exec_error = 0;
                }
                return ended;
            }
        }
    }
}

static enum status run(const struct options *options) {
    sigset_t all;
    sigfillset(&all);
    int exec_pipe[2];
    int sockets[2] = {-1, -1};
    static const char enable[] = "{\"execute\": \"qmp_capabilities\"}\n";
    if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 || pipe2(exec_pipe, O_CLOEXEC) < 0
        || (options->qmp_fd >= 0
            && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0
                || !write_all(sockets[0], enable, sizeof enable - 1)))) {
        complain("preparing", errno);
        return STATUS_SYSTEM;
    }
    int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) {
        complain("signalfd", errno);
        return STATUS_SYSTEM;
    }
    static struct monitor monitor;
    monitor.fd = sockets[0];

    if (!publish_record(options, 0)) {
        complain(options->record, errno);
        return STATUS_RECORD_FAILED;
    }
    pid_t guard = getpid();
    pid_t qemu = fork();
    if (qemu < 0) {
        int error = errno;
        complain("fork", error);
        return publish_exit(options, "exec", error, &monitor) ? STATUS_EXEC_FAILED : STATUS_RECORD_FAILED;
    }
    if (qemu == 0) {
        become_qemu(options, guard, sockets[1], exec_pipe[1]);
    }
    close(exec_pipe[1]);
    close(sockets[1]);
    harden(); /* only now: QEMU must inherit none of it */
    if (!publish_record(options, qemu)) {
        complain(options->record, errno);
        kill(qemu, SIGKILL);
        waitpid(qemu, NULL, 0);
        return STATUS_RECORD_FAILED;
    }

    int exec_error = 0;
    int ended = await_end(qemu, signals, &monitor, exec_pipe[0], &exec_error);
    bool written = exec_error != 0      ? publish_exit(options, "exec", exec_error, &monitor)
                   : WIFSIGNALED(ended) ? publish_exit(options, "signal", WTERMSIG(ended), &monitor)
                                        : publish_exit(options, "exit", WEXITSTATUS(ended), &monitor);
    if (!written) {
        complain(options->exit_file, errno);
        return STATUS_RECORD_FAILED;
    }
    return exec_error != 0 ? STATUS_EXEC_FAILED : STATUS_QEMU_ENDED;
}

int main(int argc, char **argv) {
    struct options options;
    if (!parse(argc, argv, &options)) {
        complain("usage: kelpie-guard --instance ID --record FILE --exit FILE --stderr FILE [--lock FILE] [--qmp-fd N]"
                 " -- PROGRAM ARGS...  (every path absolute)",
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
