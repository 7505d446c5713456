package io.kelpie.cli.spec;

import io.kelpie.common.id.Names;
import io.kelpie.common.units.ByteSizes;
import io.kelpie.common.yaml.NearestWord;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/** Checks of single values. Each throws {@link io.kelpie.common.yaml.YamlException} at the value's place. */
final class Checks {
    private static final Pattern LABEL_KEY = Pattern.compile("[A-Za-z0-9]([-._/A-Za-z0-9]{0,61}[A-Za-z0-9])?");
    private static final String LABEL_KEY_RULE =
            "1 to 63 of letters, digits, '-', '.', '_' and '/', beginning and ending with a letter or digit";
    private static final int MAX_LABEL_VALUE = 63;

    private Checks() {}

    static String name(YamlMap map, String key, String name) {
        if (!Names.isValid(name)) {
            throw map.invalid(key, QuotedText.of(name) + " is not a name", "give " + Names.RULE);
        }
        return name;
    }

    static void labelKey(YamlMap map, String key, String label) {
        if (!LABEL_KEY.matcher(label).matches()) {
            throw map.invalid(key, QuotedText.of(label) + " is not a label's key", "give " + LABEL_KEY_RULE);
        }
    }

    static void labelValue(YamlMap map, String key, String value) {
        if (value.length() > MAX_LABEL_VALUE || value.codePoints().anyMatch(Character::isISOControl)) {
            throw map.invalid(
                    key,
                    QuotedText.of(value) + " is not a label's value",
                    "give at most " + MAX_LABEL_VALUE + " characters on one line");
        }
    }

    /** What tells domains apart: {@code host} or a label's key. */
    static String domain(YamlMap map) {
        String by = map.requiredString("by");
        labelKey(map, "by", by);
        return by;
    }

    static void count(YamlMap map, String key, int count, int max) {
        if (count > max) {
            throw map.invalid(key, count + " entries", "give at most " + max);
        }
    }

    /** A size in MiB. */
    static long sizeMib(YamlMap map, String key) {
        String text = map.requiredString(key);
        OptionalLong mib = ByteSizes.parseMib(text);
        return mib.orElseThrow(
                () -> map.invalid(key, QuotedText.of(text) + " is not a size", "give " + ByteSizes.RULE));
    }

    /** A word that stands for a constant; the default if the key is absent. */
    static <E extends Enum<E>> E word(YamlMap map, String key, Words<E> words) {
        String word = map.string(key, words.defaultWord());
        E constant = words.byWord().get(word);
        if (constant == null) {
            String nearest = NearestWord.of(word, words.byWord().keySet());
            throw map.invalid(
                    key,
                    QuotedText.of(word) + " is not known",
                    nearest == null
                            ? "give one of " + words.list()
                            : "did you mean '" + nearest + "'? It can be " + words.list());
        }
        return constant;
    }
}
