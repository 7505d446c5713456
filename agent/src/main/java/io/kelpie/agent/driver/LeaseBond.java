package io.kelpie.agent.driver;

import java.nio.file.Path;

/**
 * Binds an instance to the host's lease: it runs only while the file says that the lease of this lineage lasts, and
 * something that needs no agent ends it when it does not.
 *
 * @param deadlineFile absolute path of the host's deadline file, which the agent keeps
 * @param lineage lineage of the lease under which the instance is started; not negative
 */
public record LeaseBond(Path deadlineFile, long lineage) {
    public LeaseBond {
        if (!deadlineFile.isAbsolute()) {
            throw new IllegalArgumentException("the deadline file's path " + deadlineFile + " is not absolute");
        }
        if (lineage < 0) {
            throw new IllegalArgumentException("lineage " + lineage + " is negative");
        }
    }
}
