#define _GNU_SOURCE

#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

enum status take_lock(const struct options *options) {
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

bool publish_record(const struct options *options, const char *boot_id, pid_t qemu) {
    struct text text = {.length = 0};
    append(&text, "kelpie-guard 1\ninstance %s\nboot %s\n", options->instance, boot_id);
    append(&text, "guard %d %llu\n", (int)getpid(), start_time(getpid()));
    append(&text, "qemu %d %llu\n", (int)qemu, start_time(qemu));
    return publish(&text, options->record);
}

bool publish_exit(const struct options *options, const char *how, int number, const struct monitor *monitor) {
    struct text text = {.length = 0};
    append(&text, "kelpie-exit 1\ninstance %s\n", options->instance);
    append(&text, "ended %s %d\nanswered %s\n", how, number, monitor->answered ? "yes" : "no");
    if (monitor->shutdown[0] != '\0') {
        append(&text, "shutdown %s\n", monitor->shutdown);
    }
    return publish(&text, options->exit_file);
}
