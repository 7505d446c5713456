package io.kelpie.agent.disk;

import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;

/**
 * A regular file of a pool, open for reading. All reading goes through the one channel, so that what was checked is
 * what is read. Close it.
 *
 * @param realPath absolute path without symbolic links
 * @param version changes whenever the file's content may have changed
 * @param channel the open file
 */
public record PoolFile(Path realPath, FileVersion version, SeekableByteChannel channel) implements AutoCloseable {
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
