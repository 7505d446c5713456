package io.kelpie.agent.disk;

import java.nio.file.Path;

/**
 * A pool as it is now.
 *
 * @param name its name
 * @param path its folder
 * @param shared true if every host that names this pool sees the same files
 * @param totalMib size of its file system, in MiB; 0 if the folder cannot be read
 * @param freeMib free for unprivileged users, in MiB; 0 if the folder cannot be read
 */
public record PoolUsage(String name, Path path, boolean shared, long totalMib, long freeMib) {}
