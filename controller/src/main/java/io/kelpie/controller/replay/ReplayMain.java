package io.kelpie.controller.replay;

import io.kelpie.common.time.TimeSource;
import io.kelpie.common.yaml.QuotedText;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code kelpie replay}. Exit codes: 0 ok, 1 failed, 2 wrong usage or a faulty file. */
public final class ReplayMain {
    private static final int BUFFER_BYTES = 64 * 1024;

    private ReplayMain() {}

    public static void main(String[] args) {
        PrintStream out = new PrintStream(
                new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), BUFFER_BYTES),
                false,
                StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        System.exit(run(args, EnginePlacements::new, TimeSource.system(), out, err));
    }

    /** Runs a command line to its end; the exit code. */
    static int run(String[] args, Placements.Factory engines, TimeSource clock, PrintStream out, PrintStream err) {
        int exitCode = new CommandLine(new ReplayCommand(engines, clock, out, err))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(writer(out))
                .setErr(writer(err))
                .setParameterExceptionHandler((e, line) -> wrongUsage(e, err))
                .setExecutionExceptionHandler((e, line, result) -> failed(e, out, err))
                .execute(args);
        out.flush();
        return exitCode;
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8), true);
    }

    private static int wrongUsage(ParameterException e, PrintStream err) {
        String problem = String.valueOf(e.getMessage()).lines().findFirst().orElse("the command line is wrong");
        String fix = "see: kelpie replay --help";
        if (e instanceof UnmatchedArgumentException unmatched) {
            problem = QuotedText.of(unmatched.getUnmatched().get(0)) + " is not known";
            List<String> near = unmatched.getSuggestions();
            fix = near.isEmpty() ? fix : "did you mean '" + near.get(0) + "'? Else " + fix;
        }
        tell("replay: " + problem, fix, err);
        return ReplayFailedException.USAGE;
    }

    private static int failed(Exception e, PrintStream out, PrintStream err) {
        out.flush();
        if (e instanceof ReplayFailedException known) {
            tell("replay: " + known.getMessage(), known.fix(), err);
            return known.exitCode();
        }
        tell("a defect in this command: " + e, "report it with the lines that follow", err);
        e.printStackTrace(err);
        return ReplayFailedException.FAILED;
    }

    /** File names and arguments may hold what a terminal would obey. */
    private static String clean(String text) {
        StringBuilder clean = new StringBuilder();
        text.codePoints().map(c -> Character.isISOControl(c) ? '?' : c).forEach(clean::appendCodePoint);
        return clean.toString();
    }

    private static void tell(String problem, String fix, PrintStream err) {
        err.println("error: " + clean(problem));
        err.println("fix: " + fix);
    }
}
