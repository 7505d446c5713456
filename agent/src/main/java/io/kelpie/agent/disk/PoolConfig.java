package io.kelpie.agent.disk;

import java.nio.file.Path;

/**
 * A folder in which this host keeps disks and finds images.
 *
 * @param name its name; {@code default} exists on every host
 * @param path absolute path; the folder exists
 * @param shared true if every host that names this pool sees the same files
 */
public record PoolConfig(String name, Path path, boolean shared) {}
