/* How the guard says what became of its task: by its exit status, and in words on standard error. */
#ifndef KELPIE_STATUS_H
#define KELPIE_STATUS_H

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

/* Says what could not be done; error is an errno, or 0. */
void complain(const char *what, int error);

#endif
