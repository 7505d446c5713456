package io.kelpie.cli.command;

import io.kelpie.proto.v1.CordonHostResponse;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Keeps new VMs away from hosts, or lets them come again. */
abstract class CordonCommand extends Subcommand {
    private final boolean cordoned;

    @Parameters(hideParamSyntax = true, arity = "1..*", paramLabel = "HOST…", description = "Names or ids of hosts.")
    private List<String> hosts = new ArrayList<>();

    private CordonCommand(KelpieCommand root, boolean cordoned) {
        super(root);
        this.cordoned = cordoned;
    }

    @Override
    void run(Connection connection) {
        each(hosts, host -> {
            String name = host.startsWith("host/") ? host.substring("host/".length()) : host;
            CordonHostResponse response = connection.api().cordon(name, cordoned);
            String done = response.getChanged() ? (cordoned ? "cordoned" : "uncordoned") : "unchanged";
            terminal().line("host/" + response.getHost().getRecord().getName() + " " + done);
        });
    }

    @Command(name = "cordon", description = "Keeps new VMs away from hosts. Those that run there stay.")
    static final class Cordon extends CordonCommand {
        Cordon(KelpieCommand root) {
            super(root, true);
        }
    }

    @Command(name = "uncordon", description = "Lets new VMs come to hosts again.")
    static final class Uncordon extends CordonCommand {
        Uncordon(KelpieCommand root) {
            super(root, false);
        }
    }
}
