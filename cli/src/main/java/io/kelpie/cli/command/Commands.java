package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Surroundings;
import io.kelpie.cli.Terminal;
import io.kelpie.common.yaml.QuotedText;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Reads a command line and runs it. */
public final class Commands {
    private Commands() {}

    /** Runs a command line to its end. Whatever goes wrong is told on standard error. */
    public static int run(Surroundings surroundings, String... args) {
        KelpieCommand root = new KelpieCommand(surroundings);
        return commandLine(root, named(args)).execute(args);
    }

    /** With all subcommands. */
    static CommandLine all(KelpieCommand root) {
        return commandLine(root, factories().keySet());
    }

    private static Map<String, Function<KelpieCommand, Object>> factories() {
        Map<String, Function<KelpieCommand, Object>> factories = new LinkedHashMap<>();
        factories.put("apply", ApplyCommand::new);
        factories.put("plan", PlanCommand::new);
        factories.put("get", GetCommand::new);
        factories.put("describe", DescribeCommand::new);
        factories.put("explain", ExplainCommand::new);
        factories.put("logs", LogsCommand::new);
        factories.put("start", ControlCommand.Start::new);
        factories.put("stop", ControlCommand.Stop::new);
        factories.put("restart", ControlCommand.Restart::new);
        factories.put("scale", ScaleCommand::new);
        factories.put("delete", DeleteCommand::new);
        factories.put("wait", WaitCommand::new);
        factories.put("cordon", CordonCommand.Cordon::new);
        factories.put("uncordon", CordonCommand.Uncordon::new);
        factories.put("drain", DrainCommand::new);
        factories.put("host", HostCommand::withSubcommands);
        factories.put("capacity", CapacityCommand::new);
        factories.put("rebalance", RebalanceCommand::new);
        factories.put("orphans", OrphansCommand::withSubcommands);
        factories.put("cluster", ClusterCommand::withSubcommands);
        factories.put("replay", unused -> new ReplayCommand());
        factories.put("version", VersionCommand::new);
        factories.put("completion", CompletionCommand::new);
        return factories;
    }

    /**
     * The subcommands that the line could mean: reading the annotations of all of them takes longer than most calls.
     * All, if it names none.
     */
    private static Set<String> named(String... args) {
        Set<String> all = factories().keySet();
        for (String arg : args) {
            if (all.contains(arg)) {
                return Set.copyOf(Arrays.stream(args).filter(all::contains).toList());
            }
        }
        return all;
    }

    private static CommandLine commandLine(KelpieCommand root, Set<String> names) {
        Terminal terminal = root.surroundings().terminal();
        CommandLine commandLine = new CommandLine(root);
        factories().forEach((name, factory) -> {
            if (names.contains(name)) {
                commandLine.addSubcommand(name, factory.apply(root));
            }
        });
        return commandLine
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setColorScheme(CommandLine.Help.defaultColorScheme(terminal.colouredOut() ? Ansi.ON : Ansi.OFF))
                .setOut(writer(terminal.out()))
                .setErr(writer(terminal.err()))
                .setParameterExceptionHandler((e, args) -> wrongUsage(terminal, e))
                .setExecutionExceptionHandler((e, line, result) -> failed(terminal, e));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    private static int wrongUsage(Terminal terminal, ParameterException e) {
        if (e.getCause() instanceof CliException cause) {
            return failed(terminal, cause);
        }
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        String problem = firstLine(e.getMessage());
        String fix = "see: " + command + " --help";
        if (e instanceof UnmatchedArgumentException unmatched) {
            problem = command + ": " + QuotedText.of(unmatched.getUnmatched().get(0)) + " is not known";
            List<String> near = unmatched.getSuggestions();
            fix = near.isEmpty() ? fix : "did you mean '" + near.get(0) + "'? Else " + fix;
        }
        terminal.error(problem, fix);
        return ExitCode.USAGE.code();
    }

    private static int failed(Terminal terminal, Exception e) {
        if (e instanceof CliException known) {
            terminal.out().flush();
            terminal.error(String.valueOf(known.getMessage()), known.fix());
            return known.exitCode().code();
        }
        if (e instanceof Subcommand.AlreadySaid said) {
            return said.exitCode().code();
        }
        terminal.error("a defect in this command: " + e, "report it with the lines that follow");
        e.printStackTrace(terminal.err());
        return ExitCode.FAILED.code();
    }

    private static String firstLine(@Nullable String message) {
        return message == null
                ? "the command line is wrong"
                : message.lines().findFirst().orElse(message);
    }
}
