package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(name = "completion", description = "Prints a completion script: source <(kelpie completion bash)")
final class CompletionCommand implements Callable<Integer> {
    private final KelpieCommand root;

    @Parameters(paramLabel = "bash", description = "The shell.")
    private String shell = "";

    CompletionCommand(KelpieCommand root) {
        this.root = root;
    }

    @Override
    public Integer call() {
        if (!shell.equals("bash")) {
            throw CliException.usage("completion: '" + shell + "' is not known", "write: kelpie completion bash");
        }
        CommandLine all = Commands.all(root);
        root.surroundings().terminal().out().print(AutoComplete.bash("kelpie", all));
        return 0;
    }
}
