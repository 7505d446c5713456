package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** One object that a command names. */
record Named(Kind kind, String name) {

    /** Reads {@code KIND NAME…} or {@code KIND/NAME…}; at least one object. */
    static List<Named> parse(List<String> words, Set<Kind> allowed) {
        List<Named> named = new ArrayList<>();
        if (words.isEmpty()) {
            throw CliException.usage("nothing is named", "write KIND NAME, e.g. " + example(allowed));
        }
        if (words.get(0).indexOf('/') >= 0) {
            for (String word : words) {
                named.add(one(word, allowed));
            }
            return named;
        }
        Kind kind = Kind.parse(words.get(0), allowed);
        if (words.size() == 1) {
            throw CliException.usage("no " + kind.singular() + " is named", "write " + kind.singular() + " NAME");
        }
        for (String name : words.subList(1, words.size())) {
            named.add(name.indexOf('/') >= 0 ? one(name, allowed) : of(kind, name));
        }
        return named;
    }

    private static Named one(String word, Set<Kind> allowed) {
        int slash = word.indexOf('/');
        if (slash < 0) {
            throw CliException.usage("'" + word + "': the kind is missing", "write KIND/NAME, e.g. vm/" + word);
        }
        return of(Kind.parse(word.substring(0, slash), allowed), word.substring(slash + 1));
    }

    private static Named of(Kind kind, String name) {
        if (name.isBlank()) {
            throw CliException.usage("a name is empty", "write " + kind.singular() + "/NAME");
        }
        return new Named(kind, name);
    }

    private static String example(Set<Kind> allowed) {
        return allowed.contains(Kind.VM) ? "vm web-0" : "job web";
    }

    @Override
    public String toString() {
        return kind.singular() + "/" + name;
    }
}
