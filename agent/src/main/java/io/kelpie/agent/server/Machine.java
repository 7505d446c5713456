package io.kelpie.agent.server;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What the kernel and the operating system say of this machine. Values do not change while the machine is up.
 *
 * @param bootId the kernel's boot id
 * @param machineId the operating system's id of this installation; empty if it has none
 * @param productId the mainboard's UUID as its firmware tells it; empty if it tells none or this user may not read it
 * @param name the first label of the machine's name, in lower case
 */
record Machine(String bootId, String machineId, String productId, String name) {
    static Machine read() throws IOException {
        String name = line(Path.of("/proc/sys/kernel/hostname"));
        int dot = name.indexOf('.');
        return new Machine(
                line(Path.of("/proc/sys/kernel/random/boot_id")),
                line(Path.of("/etc/machine-id")),
                readProductId(),
                (dot < 0 ? name : name.substring(0, dot)).toLowerCase(Locale.ROOT));
    }

    /** Milliseconds since boot; goes on over a restart of the agent and begins anew with a boot. */
    static long uptimeMillis() throws IOException {
        String uptime = line(Path.of("/proc/uptime"));
        int space = uptime.indexOf(' ');
        return (long) (Double.parseDouble(space < 0 ? uptime : uptime.substring(0, space)) * 1000);
    }

    private static String readProductId() throws IOException {
        try {
            return line(Path.of("/sys/class/dmi/id/product_uuid")).toLowerCase(Locale.ROOT);
        } catch (AccessDeniedException e) {
            return "";
        }
    }

    private static String line(Path file) throws IOException {
        try {
            return Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            return "";
        }
    }
}
