package io.kelpie.cli.command;

import io.kelpie.cli.view.DecisionView;
import io.kelpie.proto.v1.ExplainVmResponse;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "explain", description = "Shows why a VM is where it is, or nowhere.")
final class ExplainCommand extends Subcommand {
    @Parameters(hideParamSyntax = true, arity = "1..*", paramLabel = "vm NAME…", description = "VMs; or vm/NAME.")
    private List<String> words = new ArrayList<>();

    private boolean blankLineDue;

    ExplainCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        each(Named.parse(words, EnumSet.of(Kind.VM)), named -> {
            ExplainVmResponse explained = connection.api().explainVm(connection.namespace(), named.name());
            if (blankLineDue) {
                terminal().line("");
            }
            blankLineDue = true;
            DecisionView.explanation(explained, surroundings().clock().wallMillis())
                    .forEach(terminal()::line);
        });
    }
}
