package io.kelpie.agent.disk;

import java.io.IOException;

/** qemu-img ran and refused its task, or went beyond its limits. The message holds the end of what it said. */
public final class QemuImgException extends IOException {
    private static final long serialVersionUID = 1;

    QemuImgException(String message) {
        super(message);
    }
}
