package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Terminal;
import io.kelpie.common.yaml.QuotedText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Lets the operator type an object's name before something that cannot be undone. */
final class Confirmation {
    private Confirmation() {}

    /**
     * Returns only if the operator has typed the name.
     *
     * @param consequence what is going to happen, one or more sentences
     * @throws CliException if they have not, or if nobody is there who could
     */
    static void byTyping(String name, String consequence, Terminal terminal) {
        if (!terminal.conversation()) {
            throw CliException.usage(
                    "not confirmed, and there is no terminal to ask at: " + consequence, "add --yes if that is meant");
        }
        terminal.note(consequence);
        terminal.err().print("Type the name " + name + " to go on: ");
        terminal.err().flush();
        String typed = line(terminal);
        if (typed == null || !typed.strip().equals(name)) {
            throw new CliException(
                    ExitCode.FAILED,
                    "not confirmed: " + (typed == null ? "nothing" : QuotedText.of(typed.strip()))
                            + " was typed; nothing was changed",
                    "type the name " + name);
        }
    }

    private static @Nullable String line(Terminal terminal) {
        try {
            return new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8)).readLine();
        } catch (IOException e) {
            throw new UncheckedIOException("the terminal could not be read", e);
        }
    }
}
