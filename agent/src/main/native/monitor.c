#include "monitor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LISTEN_MAX = 256 /* most chunks that are taken of the monitor at once: QEMU cannot keep the guard busy */
};

static void take_line(struct monitor *monitor) {
    static const char answer[] = "{\"return\"";
    monitor->line[monitor->length] = '\0';
    if (strncmp(monitor->line, answer, sizeof answer - 1) == 0) {
        monitor->answered = true;
    } else if (strstr(monitor->line, "\"event\": \"SHUTDOWN\"") != NULL) {
        /* Inside a JSON string these quotes would be escaped, so no guest can forge the event. */
        memcpy(monitor->shutdown, monitor->line, monitor->length + 1);
    }
}

void listen_to(struct monitor *monitor) {
    char chunk[2048];
    for (int taken = 0; monitor->fd >= 0 && taken < LISTEN_MAX; taken++) {
        ssize_t length = recv(monitor->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (length <= 0) {
            if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
                close(monitor->fd);
                monitor->fd = -1;
            }
            return;
        }
        for (ssize_t i = 0; i < length; i++) {
            if (chunk[i] == '\n') {
                if (!monitor->skipping) {
                    take_line(monitor);
                }
                monitor->length = 0;
                monitor->skipping = false;
            } else if (chunk[i] == '\r') {
                continue;
            } else if (monitor->length + 1 < sizeof monitor->line) {
                monitor->line[monitor->length++] = chunk[i];
            } else {
                monitor->skipping = true;
            }
        }
    }
}
