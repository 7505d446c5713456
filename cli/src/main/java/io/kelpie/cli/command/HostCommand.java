package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.proto.v1.ConfirmHostDeadResponse;
import io.kelpie.proto.v1.FenceHostResponse;
import io.kelpie.proto.v1.Host;
import java.time.Duration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What an operator says about a host, or does to it. Each is confirmed by typing the host's name, or by --yes. */
@Command(
        name = "host",
        description = "Says that a host is dead, powers one off, or removes one from the cluster.",
        synopsisSubcommandLabel = "COMMAND")
final class HostCommand implements Runnable {
    @Override
    public void run() {
        throw CliException.usage("host: no command is given", "write: kelpie host confirm-dead|fence|rm HOST");
    }

    /** With its subcommands. */
    static CommandLine withSubcommands(KelpieCommand root) {
        return new CommandLine(new HostCommand())
                .addSubcommand("confirm-dead", new ConfirmDead(root))
                .addSubcommand("fence", new Fence(root))
                .addSubcommand("rm", new Remove(root));
    }

    private abstract static class OneHost extends Subcommand {
        @Parameters(paramLabel = "HOST", description = "Name or id of the host.")
        private String host = "";

        @Option(names = "--yes", description = "Do not ask.")
        private boolean yes;

        private OneHost(KelpieCommand root) {
            super(root);
        }

        @Override
        final void run(Connection connection) {
            String named = host.startsWith("host/") ? host.substring("host/".length()) : host;
            if (!yes) {
                Host found = connection.api().host(named).getHost();
                Confirmation.byTyping(found.getRecord().getName(), consequence(found), terminal());
            }
            run(connection, named);
        }

        abstract String consequence(Host found);

        abstract void run(Connection connection, String named);

        static String its(Host found) {
            int vms = found.getInstances();
            return vms == 1 ? "its 1 VM is" : "its " + vms + " VMs are";
        }

        static String freed(int vms) {
            return vms == 1 ? "1 VM freed" : vms + " VMs freed";
        }
    }

    @Command(
            name = "confirm-dead",
            description = {
                "Takes your word that a host is dead, and starts its VMs elsewhere.",
                "Refused while any controller has heard the host lately. If the host still runs, so do its VMs,"
                        + " twice: switch it off first."
            })
    static final class ConfirmDead extends OneHost {
        ConfirmDead(KelpieCommand root) {
            super(root);
        }

        @Override
        String consequence(Host found) {
            String name = found.getRecord().getName();
            return "host " + name + " is taken to be dead, and " + its(found) + " started elsewhere. If it still runs,"
                    + " they run twice and damage their disks: make sure that it is switched off.";
        }

        @Override
        void run(Connection connection, String named) {
            ConfirmHostDeadResponse response = connection.api().confirmHostDead(named);
            terminal()
                    .line("host/" + response.getHost().getRecord().getName() + " confirmed dead, "
                            + freed(response.getVmsFreed()));
        }
    }

    @Command(
            name = "fence",
            description = {
                "Powers a host off by the controllers' fence plug-in, and starts its VMs elsewhere.",
                "Nothing is started before the plug-in has confirmed that the host is off."
            })
    static final class Fence extends OneHost {
        @Option(
                names = "--timeout",
                paramLabel = "TIME",
                defaultValue = "2m",
                converter = DurationConverter.class,
                description = "How long the fencing may take. Default: ${DEFAULT-VALUE}.")
        private Duration timeout = Duration.ofMinutes(2);

        Fence(KelpieCommand root) {
            super(root);
        }

        @Override
        String consequence(Host found) {
            return "host " + found.getRecord().getName() + " is powered off without warning, and " + its(found)
                    + " started elsewhere.";
        }

        @Override
        void run(Connection connection, String named) {
            FenceHostResponse response = connection.api().fenceHost(named, timeout);
            terminal()
                    .line("host/" + response.getHost().getRecord().getName() + " fenced: it is off, "
                            + freed(response.getVmsFreed()));
        }
    }

    @Command(name = "rm", description = "Removes a host that is switched off and has no VMs from the cluster.")
    static final class Remove extends OneHost {
        Remove(KelpieCommand root) {
            super(root);
        }

        @Override
        String consequence(Host found) {
            return "host " + found.getRecord().getName() + " is removed from the cluster.";
        }

        @Override
        void run(Connection connection, String named) {
            connection.api().removeHost(named);
            terminal().line("host/" + named + " removed");
        }
    }
}
