/* Small text files with a checksum in their last line, and what they are made of. */
#ifndef KELPIE_FILES_H
#define KELPIE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TEXT_MAX = 8192, /* longest file that the guard writes, in bytes */
    NUMBER_MAX = 19  /* longest number that is read, in digits */
};

/* A text file in the making. */
struct text {
    char bytes[TEXT_MAX];
    size_t length;
    bool overflow;
};

void __attribute__((format(printf, 2, 3))) append(struct text *text, const char *format, ...);

bool write_all(int fd, const char *bytes, size_t length);

/* Adds the checksum and replaces the file, durably. */
bool publish(struct text *text, const char *path);

/* Reads a small file of /proc; the text ends with NUL and has no line end. */
bool read_small(const char *path, char *into, size_t size);

/*
 * Reads a file with a checksum in its last line, and cuts that off; false if the file is not whole. Allocates nothing.
 */
bool read_checked(int fd, char *text, size_t size);

/* Moves behind a text, if it is there. */
bool skip(const char **at, const char *text);

/* Moves behind a decimal number without sign, if one is there. */
bool skip_number(const char **at, uint64_t *number);

#endif
