package io.kelpie.cli.command;

import io.kelpie.cli.view.DecisionView;
import io.kelpie.proto.v1.ExplainVmResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        description =
                "Shows why a VM is where it is and where it would be started if its host were lost, or why it is nowhere and"
                        + " how many VMs are ahead of it, and what was decided on it before.")
final class ExplainCommand extends Subcommand {
    @Parameters(hideParamSyntax = true, arity = "1..*", paramLabel = "vm NAME…", description = "VMs; or vm/NAME.")
    private List<String> words = new ArrayList<>();

    @Option(
            names = "--live",
            description = "Decide anew too, on the cluster as it is now, as if the VM were not there; changes nothing.")
    private boolean live;

    @Mixin
    private AnswerOptions answer = new AnswerOptions();

    ExplainCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        each(Named.parse(words, EnumSet.of(Kind.VM)), named -> {
            ExplainVmResponse explained = connection.api().explainVm(connection.namespace(), named.name(), live);
            long now = surroundings().clock().wallMillis();
            answer.print(explained, told -> DecisionView.explanation(told, now), terminal());
        });
    }
}
