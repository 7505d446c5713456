package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.proto.v1.ScaleJobResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "scale", description = "Changes a job's count of replicas. The highest ordinals go first.")
final class ScaleCommand extends Subcommand {
    private static final int MAX_REPLICAS = 10_000;

    @Parameters(
            hideParamSyntax = true,
            arity = "2..3",
            paramLabel = "job NAME N",
            description = "The job and the count; or job/NAME N.")
    private List<String> words = new ArrayList<>();

    ScaleCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        List<Named> named = Named.parse(words.subList(0, words.size() - 1), EnumSet.of(Kind.JOB));
        if (named.size() != 1) {
            throw CliException.usage("one job and a count are needed", "write: kelpie scale job NAME N");
        }
        int replicas = replicas(words.get(words.size() - 1));
        ScaleJobResponse response =
                connection.api().scale(connection.namespace(), named.get(0).name(), replicas);
        terminal()
                .line(named.get(0) + " scaled to " + response.getJob().getSpec().getReplicas());
    }

    private static int replicas(String text) {
        int replicas;
        try {
            replicas = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw CliException.usage(QuotedText.of(text) + " is not a count of replicas", "give 1 to " + MAX_REPLICAS);
        }
        if (replicas < 1 || replicas > MAX_REPLICAS) {
            throw CliException.usage(
                    "replicas: " + replicas + " is out of range",
                    "give 1 to " + MAX_REPLICAS + (replicas == 0 ? "; or stop the job: kelpie stop job NAME" : ""));
        }
        return replicas;
    }
}
