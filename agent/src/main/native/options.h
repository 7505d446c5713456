/* What the guard was told to do: by arguments, or, in libvirt's hands, by the environment. */
#ifndef KELPIE_OPTIONS_H
#define KELPIE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#define DEFAULT_QEMU "/usr/bin/qemu-system-x86_64"

enum {
    INSTANCE_MAX = 128, /* longest instance id, in bytes */
    LOCK_FD_MIN = 64    /* the lock's descriptor is moved out of the way of --qmp-fd */
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

/* The options of the first form, with the guard's own name in front; false if they are wrong. */
bool parse(int argc, char **argv, struct options *options);

/* Whether these are a QEMU's arguments, as libvirt gives them to an emulator. */
bool is_emulator(char **argv);

/* A question of libvirt's after what QEMU can do: it runs no guest. */
bool is_probe(char **argv);

/* The options from the environment, in front of QEMU's arguments; false if one is missing or wrong. */
bool parse_environment(int argc, char **argv, struct options *options);

#endif
