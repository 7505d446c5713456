package io.kelpie.cli.command;

import com.google.protobuf.Message;
import io.kelpie.cli.Terminal;
import io.kelpie.cli.output.DocumentFormat;
import io.kelpie.cli.output.JsonText;
import io.kelpie.cli.output.ProtoTree;
import io.kelpie.cli.output.YamlText;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** How an answer is shown. */
final class AnswerOptions {
    private static final String DIVIDER = "---";

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}.")
    private DocumentFormat format = DocumentFormat.table;

    private boolean dividerDue;

    /** Prints an answer: as a document, or as lines for people. */
    <T extends Message> void print(T answer, Function<T, List<String>> lines, Terminal terminal) {
        print(ProtoTree.of(answer), () -> lines.apply(answer), terminal);
    }

    /** The same for an answer that is a tree already. */
    void print(Map<String, Object> tree, Supplier<List<String>> lines, Terminal terminal) {
        switch (format) {
            case table -> {
                if (dividerDue) {
                    terminal.line("");
                }
                lines.get().forEach(terminal::line);
            }
            case json -> terminal.line(JsonText.pretty(tree));
            case yaml -> {
                if (dividerDue) {
                    terminal.line(DIVIDER);
                }
                terminal.out().print(YamlText.of(tree));
            }
        }
        dividerDue = true;
    }

    /** Prints what comes after the answer: a document has to stay one. */
    void more(String line, Terminal terminal) {
        if (isForPeople()) {
            terminal.line(line);
        } else {
            terminal.note(line);
        }
    }

    boolean isForPeople() {
        return format == DocumentFormat.table;
    }
}
