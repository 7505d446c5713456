/* From the fork of the process that becomes QEMU to its end: the bond, the timer and the main loop. */
#ifndef KELPIE_QEMU_H
#define KELPIE_QEMU_H

#include "options.h"
#include "status.h"

/* Runs QEMU and waits for its end; record and exit file are written on the way. Under a lock that is taken. */
enum status run(const struct options *options, const char *boot_id);

#endif
