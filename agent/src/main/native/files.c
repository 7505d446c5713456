#define _GNU_SOURCE

#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void append(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t space = sizeof text->bytes - text->length;
    int written = vsnprintf(text->bytes + text->length, space, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= space) {
        text->overflow = true;
    } else {
        text->length += (size_t)written;
    }
}

static uint32_t crc32(const char *bytes, size_t length) {
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < length; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        }
    }
    return ~crc;
}

static bool sync_folder_of(const char *path) {
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", path);
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return false;
    }
    bool synced = fsync(folder) == 0;
    int error = errno;
    close(folder);
    errno = error;
    return synced;
}

bool write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0) {
            return false;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

bool publish(struct text *text, const char *path) {
    append(text, "crc32 %08" PRIx32 "\n", crc32(text->bytes, text->length));
    char temporary[4096];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (text->overflow || length < 0 || (size_t)length >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return false;
    }
    bool written = write_all(fd, text->bytes, text->length) && fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return written && rename(temporary, path) == 0 && sync_folder_of(path);
}

bool read_small(const char *path, char *into, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t length = read(fd, into, size - 1);
    close(fd);
    if (length <= 0) {
        return false;
    }
    into[length] = '\0';
    into[strcspn(into, "\n")] = '\0';
    return true;
}

bool skip(const char **at, const char *text) {
    size_t length = strlen(text);
    bool there = strncmp(*at, text, length) == 0;
    *at += there ? length : 0;
    return there;
}

bool skip_number(const char **at, uint64_t *number) {
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > NUMBER_MAX) {
        return false;
    }
    *number = strtoull(*at, NULL, 10);
    *at += digits;
    return true;
}

bool read_checked(int fd, char *text, size_t size) {
    size_t length = 0;
    for (ssize_t part; length < size; length += (size_t)part) {
        part = read(fd, text + length, size - length);
        if (part < 0) {
            return false;
        }
        if (part == 0) {
            break;
        }
    }
    char checksum[sizeof "crc32 01234567\n"];
    size_t line = sizeof checksum - 1;
    if (length < line || length == size) {
        return false;
    }
    snprintf(checksum, sizeof checksum, "crc32 %08" PRIx32 "\n", crc32(text, length - line));
    bool whole = memcmp(text + length - line, checksum, line) == 0 && memchr(text, '\0', length) == NULL;
    text[length - line] = '\0';
    return whole;
}
