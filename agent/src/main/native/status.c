#define _GNU_SOURCE

#include "status.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void complain(const char *what, int error) {
    dprintf(STDERR_FILENO, "kelpie-guard: %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
}
