#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

bool parse(int argc, char **argv, struct options *options) {
    static char default_lock[4096];
    *options = (struct options){.qmp_fd = -1};
    bool lineage = false;
    int i = 1;
    for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2) {
        if (strcmp(argv[i], "--instance") == 0) {
            options->instance = argv[i + 1];
        } else if (strcmp(argv[i], "--record") == 0) {
            options->record = argv[i + 1];
        } else if (strcmp(argv[i], "--exit") == 0) {
            options->exit_file = argv[i + 1];
        } else if (strcmp(argv[i], "--stderr") == 0) {
            options->error_file = argv[i + 1];
        } else if (strcmp(argv[i], "--lock") == 0) {
            options->lock = argv[i + 1];
        } else if (strcmp(argv[i], "--deadline") == 0) {
            options->deadline = argv[i + 1];
        } else if (strcmp(argv[i], "--lineage") == 0) {
            const char *at = argv[i + 1];
            if (!skip_number(&at, &options->lineage) || *at != '\0') {
                return false;
            }
            lineage = true;
        } else if (strcmp(argv[i], "--qmp-fd") == 0) {
            options->qmp_fd = atoi(argv[i + 1]);
            if (options->qmp_fd <= STDERR_FILENO || options->qmp_fd >= LOCK_FD_MIN) {
                return false;
            }
        } else {
            return false;
        }
    }
    if (i + 1 >= argc || strcmp(argv[i], "--") != 0) {
        return false;
    }
    options->program = argv + i + 1;
    if (options->instance == NULL || options->record == NULL || options->exit_file == NULL
        || lineage != (options->deadline != NULL)) {
        return false;
    }
    if (options->lock == NULL) {
        snprintf(default_lock, sizeof default_lock, "%s.lock", options->record);
        options->lock = default_lock;
    }
    size_t length = strlen(options->instance);
    if (length == 0 || length > INSTANCE_MAX) {
        return false;
    }
    for (const char *c = options->instance; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return false;
        }
    }
    /* The guard goes to "/", so that it pins no file system. */
    return options->record[0] == '/' && options->exit_file[0] == '/' && options->lock[0] == '/'
           && options->program[0][0] == '/' && (options->error_file == NULL || options->error_file[0] == '/')
           && (options->deadline == NULL || options->deadline[0] == '/');
}

/* ---- in libvirt's hands ------------------------------------------------------------------------------------------ */

bool is_emulator(char **argv) {
    return argv[0] != NULL && argv[1] != NULL && argv[1][0] == '-' && argv[1][1] != '-';
}

bool is_probe(char **argv) {
    for (char **word = argv; *word != NULL; word++) {
        if (strcmp(*word, "-machine") == 0) {
            return word[1] != NULL && strncmp(word[1], "none,", 5) == 0 && getenv("KELPIE_INSTANCE") == NULL;
        }
    }
    return false;
}

bool parse_environment(int argc, char **argv, struct options *options) {
    static const char *const names[][2] = {
        {"--instance", "KELPIE_INSTANCE"}, {"--record", "KELPIE_RECORD"},   {"--exit", "KELPIE_EXIT"},
        {"--deadline", "KELPIE_DEADLINE"}, {"--lineage", "KELPIE_LINEAGE"}, {"--", "KELPIE_QEMU"},
    };
    enum { NAMES = sizeof names / sizeof names[0] };
    char **words = calloc((size_t)argc + 1 + 2 * NAMES, sizeof *words); /* QEMU's arguments are there: never freed */
    if (words == NULL) {
        return false;
    }
    int count = 1; /* what would be the guard's own name is not looked at */
    for (int i = 0; i < NAMES; i++) {
        char *value = getenv(names[i][1]);
        if (value == NULL) {
            return false;
        }
        words[count++] = (char *)names[i][0];
        words[count++] = value;
    }
    memcpy(words + count, argv + 1, (size_t)argc * sizeof *words); /* with the NULL at the end */
    return parse(count + argc - 1, words, options);
}
