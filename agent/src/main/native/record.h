/* What is on disk of an instance: its lock, which is taken once; its record; and how it ended. */
#ifndef KELPIE_RECORD_H
#define KELPIE_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "monitor.h"
#include "options.h"
#include "status.h"

/*
 * Takes the instance's lock, for as long as the guard or QEMU lives. An open-file-description lock: the agent can test
 * it with an ordinary POSIX lock, and it is inherited. STATUS_QEMU_ENDED: it is taken, and nothing has been run under it.
 */
enum status take_lock(const struct options *options);

/* Announces the guard and the process that is to become QEMU. */
bool publish_record(const struct options *options, const char *boot_id, pid_t qemu);

/* Says how QEMU, which is dead, has ended. */
bool publish_exit(const struct options *options, const char *how, int number, const struct monitor *monitor);

#endif
