package io.kelpie.agent.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's name for the time since the machine was booted. */
public final class BootId {
    private BootId() {}

    public static String current() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("the kernel does not tell its boot id", e);
        }
    }
}
