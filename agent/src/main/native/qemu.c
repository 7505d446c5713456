#define _GNU_SOURCE

#include "qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "lease.h"
#include "monitor.h"
#include "record.h"

enum {
    STACK_BYTES = 65536 /* more stack than the guard ever uses */
};

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

/* What the process that shall become QEMU reports instead of an errno if the lease ended before its exec. */
enum { NO_LEASE = -1 };

/* Runs in the child, does not return: waits for the guard's word, then becomes QEMU or reports why not. */
static void become_qemu(const struct options *options, const char *boot_id, pid_t guard, int qmp, int bond) {
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
        if (options->deadline == NULL || read_lease(options, boot_id).holds) {
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

static void enforce_lease(const struct options *options, const char *boot_id, struct qemu *qemu) {
    const char *why;
    if (!rearm(options, boot_id, qemu->timer, &why)) {
        kill(qemu->pid, SIGKILL); /* before all else: it can neither fail nor wait */
        qemu->overdue = true;
        complain("killing QEMU, since the host's lease has ended", 0);
        complain(why, 0);
    }
}

/* Waits for QEMU's end; everything that the guard reacts to is a descriptor in one poll. Returns its wait status. */
static int await_end(const struct options *options, const char *boot_id, struct qemu *qemu) {
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
            enforce_lease(options, boot_id, qemu);
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

enum status run(const struct options *options, const char *boot_id) {
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
        become_qemu(options, boot_id, guard, sockets[1], bond[1]);
    }
    close(bond[1]);
    close(sockets[1]);
    harden(); /* only now: QEMU must inherit none of it */
    if (!publish_record(options, boot_id, qemu.pid)) {
        complain(options->record, errno);
        abandon(&qemu);
        return STATUS_RECORD_FAILED;
    }
    const char *why;
    if (options->deadline != NULL && !rearm(options, boot_id, qemu.timer, &why)) {
        complain("refused, since the host's lease has ended", 0);
        complain(why, 0);
        abandon(&qemu);
        qemu.failure = NO_LEASE;
        return report(options, &qemu, 0);
    }
    if (!write_all(qemu.bond, "!", 1)) {
        /* The child was killed; it will not become QEMU, and its end is seen like any other. */
    }
    return report(options, &qemu, await_end(options, boot_id, &qemu));
}
