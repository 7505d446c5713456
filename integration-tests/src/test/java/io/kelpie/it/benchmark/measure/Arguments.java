package io.kelpie.it.benchmark.measure;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Arguments of the form {@code --name value}. A fault ends the process with status 2 and the usage. */
public final class Arguments {
    private final String usage;
    private final Map<String, String> values = new HashMap<>();

    private Arguments(String usage) {
        this.usage = usage;
    }

    /**
     * @param names the allowed ones, with their dashes
     */
    public static Arguments of(String[] arguments, String usage, Set<String> names) {
        Arguments parsed = new Arguments(usage);
        for (int i = 0; i < arguments.length; i += 2) {
            if (!names.contains(arguments[i])) {
                parsed.refuse("not understood: " + arguments[i]);
            } else if (i + 1 == arguments.length) {
                parsed.refuse(arguments[i] + ": the value is missing");
            } else {
                parsed.values.put(arguments[i], arguments[i + 1]);
            }
        }
        return parsed;
    }

    public Optional<String> text(String name) {
        return Optional.ofNullable(values.get(name));
    }

    public int number(String name, int otherwise, int least) {
        return text(name).map(text -> parse(name, text, least)).orElse(otherwise);
    }

    /** Numbers with commas between them. */
    public List<Integer> numbers(String name, List<Integer> otherwise, int least) {
        if (text(name).isEmpty()) {
            return otherwise;
        }
        List<Integer> numbers = new ArrayList<>();
        for (String text : text(name).get().split(",", -1)) {
            numbers.add(parse(name, text, least));
        }
        return numbers;
    }

    private int parse(String name, String text, int least) {
        if (!text.matches("[0-9]{1,7}") || Integer.parseInt(text) < least) {
            refuse(name + ": " + text + " is no number from " + least + " on");
        }
        return Integer.parseInt(text);
    }

    /** Ends the process: the arguments will not do. */
    public void refuse(String problem) {
        System.err.println(problem);
        System.err.println("usage: " + usage);
        System.exit(2);
    }
}
