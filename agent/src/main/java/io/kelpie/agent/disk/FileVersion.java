package io.kelpie.agent.disk;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Tells a file from what another file, or another content, was at its path.
 *
 * @param device number of its file system
 * @param inode its number there
 * @param sizeBytes its size, in bytes
 * @param modifiedNanos when its content was last changed, in nanoseconds since 1970
 * @param changedNanos when its content or metadata was last changed, in nanoseconds since 1970; programs cannot set it
 */
public record FileVersion(long device, long inode, long sizeBytes, long modifiedNanos, long changedNanos) {
    /** The version of the file at a path; a symbolic link is not followed. */
    public static FileVersion of(Path path) throws IOException {
        Map<String, Object> attributes =
                Files.readAttributes(path, "unix:dev,ino,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS);
        return new FileVersion(
                number(attributes, "dev"),
                number(attributes, "ino"),
                number(attributes, "size"),
                nanos(attributes, "lastModifiedTime"),
                nanos(attributes, "ctime"));
    }

    private static long number(Map<String, Object> attributes, String name) {
        return ((Number) requireNonNull(attributes.get(name), name)).longValue();
    }

    private static long nanos(Map<String, Object> attributes, String name) {
        return ((FileTime) requireNonNull(attributes.get(name), name)).to(TimeUnit.NANOSECONDS);
    }
}
