package io.kelpie.agent.fencing;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * A small text that outlives the agent's process and is only ever replaced as a whole: who reads it sees an older or a
 * newer one, never a mixture. Methods block on the disk; one at a time.
 */
public interface SmallFile {
    /** Where it lies. */
    Path path();

    /** The text; empty if there is none. Bytes that are no text read as a text that nobody wrote. */
    Optional<String> read() throws IOException;

    /** Replaces the text. If this fails, the text is the old or the new one. */
    void write(String content) throws IOException;

    /** A file whose content survives a power cut once it is written. */
    static SmallFile durable(Path path) {
        return new OnDisk(path, DurableFile::write);
    }

    /** A file that matters only until the host is booted anew, so that nothing waits for the disk. */
    static SmallFile untilReboot(Path path) {
        return new OnDisk(path, (file, content) -> {
            Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
            Files.writeString(temporary, content);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        });
    }

    /** How a file is replaced. */
    @FunctionalInterface
    interface Replacement {
        void write(Path file, String content) throws IOException;
    }

    /** A file of the machine's file system. */
    record OnDisk(Path path, Replacement replacement) implements SmallFile {
        @Override
        public Optional<String> read() throws IOException {
            try {
                return Optional.of(Files.readString(path));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            } catch (CharacterCodingException e) {
                return Optional.of("");
            }
        }

        @Override
        public void write(String content) throws IOException {
            replacement.write(path, content);
        }
    }
}
