package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.Surroundings;
import io.kelpie.cli.Terminal;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/** A subcommand: it connects, does one thing and ends. */
abstract class Subcommand implements Callable<Integer> {
    private final KelpieCommand root;

    Subcommand(KelpieCommand root) {
        this.root = root;
    }

    /** Throws {@link CliException} if the command does not succeed. */
    abstract void run(Connection connection);

    @Override
    public final Integer call() {
        try (Connection connection = root.connect()) {
            run(connection);
        }
        terminal().flush();
        return ExitCode.OK.code();
    }

    final KelpieCommand root() {
        return root;
    }

    final Surroundings surroundings() {
        return root.surroundings();
    }

    final Terminal terminal() {
        return root.surroundings().terminal();
    }

    /** Says what an operator who ends the command by Ctrl-C should know. */
    final Interrupts.Registration farewell(String text) {
        return surroundings().interrupts().onInterrupt(() -> {
            if (terminal().progress()) {
                terminal().err().println(); // Ctrl-C has left "^C" on the line
            }
            terminal().note(text);
            terminal().err().flush();
            terminal().out().flush();
            return Optional.empty();
        });
    }

    /**
     * Does the same to several objects. One that fails is told and does not keep the others from their turn, unless no
     * controller answers; the first failure's exit code is the command's.
     */
    final <T> void each(List<T> objects, Consumer<T> action) {
        CliException first = null;
        for (T object : objects) {
            try {
                action.accept(object);
            } catch (CliException e) {
                if (first != null || objects.size() > 1) {
                    terminal().error(message(e), e.fix());
                }
                first = first == null ? e : first;
                if (e.exitCode() == ExitCode.CONTROLLER_UNREACHABLE) {
                    break;
                }
            }
        }
        if (first != null) {
            throw objects.size() > 1 ? new AlreadySaid(first) : first;
        }
    }

    private static String message(CliException e) {
        String message = e.getMessage();
        return message == null ? "" : message;
    }

    /** A failure that was told where it happened; only its exit code is left to tell. */
    static final class AlreadySaid extends RuntimeException {
        private static final long serialVersionUID = 1;

        private final ExitCode exitCode;

        AlreadySaid(CliException cause) {
            super(cause);
            this.exitCode = cause.exitCode();
        }

        ExitCode exitCode() {
            return exitCode;
        }
    }
}
