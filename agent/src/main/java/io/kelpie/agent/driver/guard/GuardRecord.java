package io.kelpie.agent.driver.guard;

import io.kelpie.agent.driver.InstanceId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a guard wrote of itself before it ran QEMU.
 *
 * @param instance the instance that it guards
 * @param bootId boot of the machine that both processes belong to
 * @param guard the guard
 * @param qemu its QEMU, or the process that is to become it
 */
public record GuardRecord(InstanceId instance, String bootId, ProcessIdentity guard, ProcessIdentity qemu) {
    private static final Pattern INSTANCE = Pattern.compile("([0-9a-f-]{36})/([1-9][0-9]{0,17})");
    private static final Pattern PROCESS = Pattern.compile("([1-9][0-9]{0,9}) ([0-9]{1,18})");

    /** Reads a record; empty if there is none. */
    public static Optional<GuardRecord> read(Path path) throws IOException {
        Optional<GuardFile> found = GuardFile.read(path, "kelpie-guard 1");
        if (found.isEmpty()) {
            return Optional.empty();
        }
        GuardFile file = found.get();
        Matcher instance = INSTANCE.matcher(file.required("instance"));
        if (!instance.matches()) {
            throw file.malformed("instance");
        }
        return Optional.of(new GuardRecord(
                new InstanceId(UUID.fromString(instance.group(1)), Long.parseLong(instance.group(2))),
                file.required("boot"),
                process(file, "guard"),
                process(file, "qemu")));
    }

    /** Whether anything of the instance is left: the guard, or a QEMU that its guard's death is about to end. */
    public boolean isAlive(String currentBootId) {
        return bootId.equals(currentBootId) && (guard.isAlive() || qemu.isAlive());
    }

    private static ProcessIdentity process(GuardFile file, String key) throws IOException {
        Matcher process = PROCESS.matcher(file.required(key));
        if (!process.matches()) {
            throw file.malformed(key);
        }
        return new ProcessIdentity(Long.parseLong(process.group(1)), Long.parseLong(process.group(2)));
    }
}
