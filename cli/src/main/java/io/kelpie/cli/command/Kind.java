package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.common.yaml.NearestWord;
import io.kelpie.common.yaml.QuotedText;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The kinds of objects that commands name. */
enum Kind {
    JOB,
    VM,
    HOST,
    EVENT,
    ORPHAN;

    String singular() {
        return name().toLowerCase(Locale.ROOT);
    }

    String plural() {
        return singular() + "s";
    }

    /** Reads {@code vm} or {@code vms}. */
    static Kind parse(String word, Set<Kind> allowed) {
        for (Kind kind : allowed) {
            if (word.equalsIgnoreCase(kind.singular()) || word.equalsIgnoreCase(kind.plural())) {
                return kind;
            }
        }
        List<String> words = allowed.stream().sorted().map(Kind::singular).toList();
        String nearest = NearestWord.of(
                word,
                Stream.concat(words.stream(), words.stream().map(w -> w + "s")).toList());
        throw CliException.usage(
                QuotedText.of(word) + " is no kind of object here",
                nearest == null
                        ? "name one of " + words.stream().collect(Collectors.joining(", "))
                        : "did you mean '" + nearest + "'?");
    }
}
