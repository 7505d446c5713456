package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.Surroundings;
import io.kelpie.cli.config.Target;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command itself: the options that every subcommand has. */
@Command(
        name = "kelpie",
        description = "Runs virtual machines across a pool of KVM hosts.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 not authorised, 5 version conflict,",
            "6 cannot be placed, 7 wait timed out, 8 controller unreachable."
        })
public final class KelpieCommand implements Runnable {
    private final Surroundings surroundings;

    @Option(
            names = "--controllers",
            scope = ScopeType.INHERIT,
            paramLabel = "HOST:PORT,…",
            description = "Addresses of controllers; any one will do. Else $KELPIE_CONTROLLERS, else the context's.")
    private @Nullable String controllers;

    @Option(
            names = "--context",
            scope = ScopeType.INHERIT,
            paramLabel = "NAME",
            description = "Context of the configuration file. Else $KELPIE_CONTEXT, else the file's own choice.")
    private @Nullable String context;

    @Option(
            names = {"-n", "--namespace"},
            scope = ScopeType.INHERIT,
            paramLabel = "NAME",
            description = "Namespace. Else the context's, else 'default'.")
    private @Nullable String namespace;

    @Option(
            names = "--request-timeout",
            scope = ScopeType.INHERIT,
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = DurationConverter.class,
            description = "How long one request may take, with all its retries. Default: ${DEFAULT-VALUE}.")
    private Duration requestTimeout = Duration.ofSeconds(10);

    @Option(
            names = {"-h", "--help"},
            scope = ScopeType.INHERIT,
            usageHelp = true,
            description = "Show this help and end.")
    @SuppressWarnings("unused") // its being there makes the parser show the help
    private boolean help;

    public KelpieCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    Surroundings surroundings() {
        return surroundings;
    }

    /** The namespace that the command line names; null if none. */
    @Nullable String namespaceOption() {
        return namespace;
    }

    /** Finds the cluster; does not dial yet. */
    Connection connect() {
        Target target = Target.find(controllers, context, namespace, surroundings.environment(), surroundings.home());
        return new Connection(surroundings, target.controllers(), target.namespace(), requestTimeout);
    }

    @Override
    public void run() {
        throw CliException.usage("no command is given", "see: kelpie --help");
    }
}
