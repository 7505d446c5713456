#define _GNU_SOURCE

#include "lease.h"

#include <fcntl.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "files.h"

#define SECOND_NANOS UINT64_C(1000000000)

enum {
    DEADLINE_MAX = 512 /* longest deadline file, in bytes */
};

static uint64_t boot_nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail: the kernel has the clock, now is an address */
    return (uint64_t)now.tv_sec * SECOND_NANOS + (uint64_t)now.tv_nsec;
}

struct lease read_lease(const struct options *options, const char *boot_id) {
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

bool rearm(const struct options *options, const char *boot_id, int timer, const char **why) {
    struct lease lease = read_lease(options, boot_id);
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
