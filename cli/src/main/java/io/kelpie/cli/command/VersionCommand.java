package io.kelpie.cli.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(name = "version", description = "Shows the version of this command. The controllers': kelpie cluster status.")
final class VersionCommand implements Callable<Integer> {
    private final KelpieCommand root;

    VersionCommand(KelpieCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() {
        String version = VersionCommand.class.getPackage().getImplementationVersion();
        root.surroundings()
                .terminal()
                .line("kelpie " + (version == null ? "(not built as a package)" : version) + ", Java "
                        + Runtime.version().feature());
        return 0;
    }
}
