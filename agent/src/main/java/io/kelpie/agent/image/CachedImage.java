package io.kelpie.agent.image;

import io.kelpie.agent.driver.LaunchSpec;
import java.nio.file.Path;

/**
 * A disk image in the host's cache. Its content matches its digest, it was inspected, and it is never written again.
 *
 * @param sha256 digest of the file, 64 lower-case hexadecimal digits
 * @param path absolute path of the file
 * @param format the one format that this content is ever read as
 * @param virtualSizeBytes size of the disk that a guest sees, in bytes
 */
public record CachedImage(String sha256, Path path, LaunchSpec.DiskFormat format, long virtualSizeBytes) {}
