package io.kelpie.cli;

import io.kelpie.cli.output.CleanText;
import io.kelpie.cli.output.Tone;
import java.io.InputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * The three standard streams. Data goes to {@link #out}, everything else to {@link #err}.
 *
 * @param colouredOut whether {@code out} shows colours
 * @param colouredErr whether {@code err} shows colours
 * @param progress whether {@code err} is a terminal whose last line may be written over
 * @param conversation whether a question on {@code err} is answered by a person on {@code in}
 */
public record Terminal(
        InputStream in,
        PrintStream out,
        PrintStream err,
        boolean colouredOut,
        boolean colouredErr,
        boolean progress,
        boolean conversation) {

    /** One line of data. */
    public void line(String text) {
        out.println(text);
    }

    /** One line for the person at the terminal, which is no data. */
    public void note(String text) {
        err.println(CleanText.line(text));
    }

    /** An error and its next step. */
    public void error(String problem, @Nullable String fix) {
        err.println(Tone.BAD.paint("error:", colouredErr) + " " + CleanText.lines(problem));
        if (fix != null) {
            err.println(Tone.GOOD.paint("fix:", colouredErr) + " " + CleanText.lines(fix));
        }
    }

    /** Throws if data could not be written, e.g. because the disk is full or the reader of a pipe is gone. */
    public void flush() {
        err.flush();
        if (out.checkError()) {
            throw new CliException(ExitCode.FAILED, "the output could not be written", null);
        }
    }
}
