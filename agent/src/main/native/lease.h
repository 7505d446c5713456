/* The host's lease, as the deadline file says it. */
#ifndef KELPIE_LEASE_H
#define KELPIE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h"

/* What the deadline file says now. */
struct lease {
    bool holds;
    uint64_t end; /* in nanoseconds of CLOCK_BOOTTIME; 0: not before the thaw */
    const char *why; /* if it does not hold: a clause for people */
};

/* Reads the deadline file. Allocates nothing. */
struct lease read_lease(const struct options *options, const char *boot_id);

/*
 * Reads the deadline file and sets a timer of CLOCK_BOOTTIME to the next look at it; false and why if QEMU may not run
 * (any longer).
 */
bool rearm(const struct options *options, const char *boot_id, int timer, const char **why);

#endif
