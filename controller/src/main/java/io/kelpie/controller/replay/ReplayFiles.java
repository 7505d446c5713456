package io.kelpie.controller.replay;

import io.kelpie.controller.replay.input.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Opens the files that a replay reads, and guards those that it writes. */
final class ReplayFiles {
    private ReplayFiles() {}

    /** Reads one kind of file from a stream. */
    @FunctionalInterface
    interface Reader<T> {
        T read(String file, InputStream in) throws IOException, BadInputException;
    }

    static <T> T read(Path file, Reader<T> reader) throws BadInputException, ReplayFailedException {
        if (Files.isDirectory(file)) {
            throw ReplayFailedException.usage(file + " is a folder", "name a CSV file");
        }
        try (InputStream in = Files.newInputStream(file)) {
            return reader.read(file.toString(), in);
        } catch (NoSuchFileException e) {
            throw ReplayFailedException.usage(file + ": there is no such file", "name a CSV file");
        } catch (AccessDeniedException e) {
            throw ReplayFailedException.usage(file + " may not be read", "let this user read it");
        } catch (IOException e) {
            throw ReplayFailedException.failed(file + " could not be read: " + e.getMessage(), "try again");
        }
    }

    /** Refuses, before anything is run, files that could not be written or that would destroy another of the options. */
    static void checkOutputs(ReplayOptions options) throws ReplayFailedException {
        List<Path> taken = new ArrayList<>(
                Stream.of(options.hosts, options.vms).filter(Objects::nonNull).toList());
        checkOutput("--series", options.series, taken);
        checkOutput("--svg", options.svg, taken);
    }

    private static void checkOutput(String option, @Nullable Path file, List<Path> taken) throws ReplayFailedException {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw ReplayFailedException.usage(option + ": " + file + " is a folder", "name a file");
        }
        if (folder == null || !Files.isDirectory(folder)) {
            throw ReplayFailedException.usage(option + ": the folder of " + file + " does not exist", "make it first");
        }
        if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            throw ReplayFailedException.usage(option + ": " + file + " may not be written", "name another file");
        }
        for (Path other : taken) {
            if (isSame(file, other)) {
                throw ReplayFailedException.usage(
                        option + ": " + file + " is the file of another option", "name another file");
            }
        }
        taken.add(file);
    }

    private static boolean isSame(Path file, Path other) {
        try {
            return file.toAbsolutePath()
                            .normalize()
                            .equals(other.toAbsolutePath().normalize())
                    || (Files.exists(file) && Files.exists(other) && Files.isSameFile(file, other));
        } catch (IOException e) {
            return false; // one of them is gone: reading or writing it will tell
        }
    }

    static void write(Path file, String text) throws ReplayFailedException {
        try {
            Files.writeString(file, text);
        } catch (IOException e) {
            throw ReplayFailedException.failed(
                    file + " could not be written: " + e.getMessage(), "name another file, or make room");
        }
    }
}
