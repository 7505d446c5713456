package io.kelpie.cli.spec;

import java.io.IOException;

/** The files that a job file names, e.g. user data. */
@FunctionalInterface
public interface ReferredFiles {
    /**
     * At most {@code maxBytes + 1} bytes of a file, so that the caller sees when it is too large.
     *
     * @param path as the job file has it: absolute, or relative to the job file's folder
     */
    byte[] read(String path, int maxBytes) throws IOException;
}
