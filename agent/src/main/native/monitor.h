/* The guard's own QMP monitor of its QEMU. */
#ifndef KELPIE_MONITOR_H
#define KELPIE_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

enum {
    LINE_MAX_BYTES = 4096 /* longest QMP line that is looked at; longer ones are skipped */
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

/* Takes what is there, without waiting, and not for ever. */
void listen_to(struct monitor *monitor);

#endif
