package io.kelpie.it.cluster;

import java.nio.file.Files;
import java.nio.file.Path;

/** The built distribution, {@code deploy/target/kelpie}. */
public record Distribution(Path folder) {
    /** The distribution of the source tree that the tests run in; the property {@code kelpie.distribution} names another. */
    public static Distribution built() {
        String named = System.getProperty("kelpie.distribution");
        Path folder = named != null ? Path.of(named) : sourceTree().resolve("deploy/target/kelpie");
        if (!Files.isExecutable(folder.resolve("bin/kelpie-guard"))) {
            throw new IllegalStateException(folder + " holds no distribution: run ./dev build");
        }
        return new Distribution(folder);
    }

    /** The root of the source tree. */
    public static Path sourceTree() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("mvnw"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException("the tests do not run inside the source tree");
            }
        }
        return folder;
    }

    /** A program, {@code kelpie-agent} for example. */
    public Path program(String name) {
        return folder.resolve("bin").resolve(name);
    }
}
