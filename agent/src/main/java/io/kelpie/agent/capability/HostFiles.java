package io.kelpie.agent.capability;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads the kernel's files below a root folder, {@code /} on a real host. What cannot be read counts as not there. */
final class HostFiles {
    private final Path root;

    HostFiles(Path root) {
        this.root = root;
    }

    Path path(String relative) {
        return root.resolve(relative);
    }

    boolean exists(String relative) {
        return Files.exists(path(relative));
    }

    /** The file's text without spaces at its ends. */
    Optional<String> text(String relative) {
        try {
            return Optional.of(Files.readString(path(relative), StandardCharsets.ISO_8859_1)
                    .strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Names in a folder, sorted. */
    List<String> names(String relative) {
        try (Stream<Path> entries = Files.list(path(relative))) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Mode and owners of a file: {@code rw-rw---- root kvm}. */
    Optional<String> access(String relative) {
        try {
            PosixFileAttributes attributes =
                    Files.readAttributes(path(relative), PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return Optional.of(PosixFilePermissions.toString(attributes.permissions()) + " "
                    + attributes.owner().getName() + " " + attributes.group().getName());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
