package io.kelpie.it.simulation;

import io.kelpie.agent.fencing.SmallFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A small file that outlives its agent, and whose disk can fail. */
final class RamFile implements SmallFile {
    private final Path path;
    private Optional<String> content = Optional.empty();
    boolean broken;

    RamFile(String name) {
        this.path = Path.of("/simulated", name);
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Optional<String> read() {
        return content;
    }

    @Override
    public void write(String newContent) throws IOException {
        if (broken) {
            throw new IOException("no space left on device");
        }
        content = Optional.of(newContent);
    }

    void remove() {
        content = Optional.empty();
    }
}
