package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.proto.v1.OrphanAction;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What becomes of instances that belong to no VM. */
@Command(
        name = "orphans",
        description = "Kills or adopts instances that belong to no VM; they are listed by: kelpie get orphans.",
        synopsisSubcommandLabel = "COMMAND")
final class OrphansCommand implements Runnable {
    @Override
    public void run() {
        throw CliException.usage(
                "orphans: no command is given",
                "list them with: kelpie get orphans; then write: kelpie orphans kill|adopt HOST VM-ID INCARNATION");
    }

    /** With its subcommands. */
    static CommandLine withSubcommands(KelpieCommand root) {
        return new CommandLine(new OrphansCommand())
                .addSubcommand("kill", new Kill(root))
                .addSubcommand("adopt", new Adopt(root));
    }

    private abstract static class OneOrphan extends Subcommand {
        @Parameters(index = "0", paramLabel = "HOST", description = "Its host.")
        private String host = "";

        @Parameters(index = "1", paramLabel = "VM-ID", description = "Its VM's UUID, as it is listed.")
        private String vmId = "";

        @Parameters(index = "2", paramLabel = "INCARNATION", description = "Its incarnation.")
        private long incarnation;

        private OneOrphan(KelpieCommand root) {
            super(root);
        }

        final String host() {
            return host.startsWith("host/") ? host.substring("host/".length()) : host;
        }

        final void resolve(Connection connection, OrphanAction action, String done) {
            if (incarnation < 1) {
                throw CliException.usage(
                        "INCARNATION: " + incarnation + " is none", "write it as kelpie get orphans lists it");
            }
            connection.api().resolveOrphan(host(), vmId, incarnation, action);
            terminal().line("orphan/" + host() + "/" + vmId + "/" + incarnation + " " + done);
        }
    }

    @Command(name = "kill", description = "Kills an orphan, and removes what is left of it but kept disks.")
    static final class Kill extends OneOrphan {
        @Option(names = "--yes", description = "Do not ask.")
        private boolean yes;

        Kill(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            if (!yes) {
                Confirmation.byTyping(
                        host(),
                        "an instance on host " + host() + " is killed without warning to its guest.",
                        terminal());
            }
            resolve(connection, OrphanAction.ORPHAN_ACTION_KILL, "is being killed");
        }
    }

    @Command(
            name = "adopt",
            description = {
                "Makes an orphan the present instance of the VM of its name.",
                "Its job must exist and have a VM of that number that does not run."
            })
    static final class Adopt extends OneOrphan {
        Adopt(KelpieCommand root) {
            super(root);
        }

        @Override
        void run(Connection connection) {
            resolve(connection, OrphanAction.ORPHAN_ACTION_ADOPT, "adopted");
        }
    }
}
