package io.kelpie.cli.wait;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.NotNowException;
import io.kelpie.cli.Pauses;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Lets a command that waits or watches outlive controllers that are away for a while. Only the first answer must come:
 * what was never reached is an error at once. Not thread-safe.
 */
public final class Patience {
    private static final Duration BETWEEN = Duration.ofSeconds(2);

    private final Pauses pauses;
    private final Consumer<String> notes;
    private boolean answeredBefore;
    private boolean saidThatNobodyAnswers;

    /** @param notes takes a line for the operator when controllers go and come */
    public Patience(Pauses pauses, Consumer<String> notes) {
        this.pauses = pauses;
        this.notes = notes;
    }

    /** The answer; empty, after a pause, if no controller answers now. */
    public <T> Optional<T> ask(Supplier<T> question) {
        try {
            T answer = question.get();
            answeredBefore = true;
            if (saidThatNobodyAnswers) {
                saidThatNobodyAnswers = false;
                notes.accept("a controller answers again");
            }
            return Optional.of(answer);
        } catch (CliException e) {
            boolean passing = e.exitCode() == ExitCode.CONTROLLER_UNREACHABLE || e instanceof NotNowException;
            if (!answeredBefore || !passing) {
                throw e;
            }
            if (!saidThatNobodyAnswers) {
                saidThatNobodyAnswers = true;
                notes.accept(e.getMessage() + "; still trying");
            }
            pauses.pause(BETWEEN);
            return Optional.empty();
        }
    }
}
