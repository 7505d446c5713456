package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

@Command(
        name = "cluster",
        description = "Shows how the cluster is, and changes it as a whole.",
        synopsisSubcommandLabel = "COMMAND")
final class ClusterCommand implements Runnable {
    @Override
    public void run() {
        throw CliException.usage(
                "cluster: no command is given",
                "write: kelpie cluster status|controllers|freeze|thaw|backup|restore|accept-store");
    }

    /** With its subcommands. */
    static CommandLine withSubcommands(KelpieCommand root) {
        return new CommandLine(new ClusterCommand())
                .addSubcommand("status", new ClusterStatusCommand(root))
                .addSubcommand("controllers", ControllersCommand.withSubcommands(root))
                .addSubcommand("freeze", new FreezeCommand.Freeze(root))
                .addSubcommand("thaw", new FreezeCommand.Thaw(root))
                .addSubcommand("backup", new BackupCommand(root))
                .addSubcommand("restore", new RestoreCommand(root))
                .addSubcommand("accept-store", new AcceptStoreCommand(root));
    }
}
