package io.kelpie.cli.spec;

import io.kelpie.common.id.LabelText;
import io.kelpie.common.id.Names;
import io.kelpie.common.units.ByteSizes;
import io.kelpie.common.yaml.NearestWord;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/** Checks of single values. Each throws {@link io.kelpie.common.yaml.YamlException} at the value's place. */
final class Checks {
    private static final String LABEL_FIX = "give " + LabelText.RULE;

    private Checks() {}

    static String name(YamlMap map, String key, String name) {
        if (!Names.isValid(name)) {
            throw map.invalid(key, QuotedText.of(name) + " is not a name", "give " + Names.RULE);
        }
        return name;
    }

    /** The key of a label that stands as a value. */
    static String labelKey(YamlMap map, String key) {
        String label = map.requiredString(key);
        if (!LabelText.isValid(label)) {
            throw map.invalid(key, noLabelKey(label), LABEL_FIX);
        }
        return label;
    }

    /** A label's value. */
    static String labelValue(YamlMap map, String key) {
        String value = map.requiredString(key);
        if (!LabelText.isValid(value)) {
            throw map.invalid(key, noLabelValue(value), LABEL_FIX);
        }
        return value;
    }

    /** A list of values of one label. */
    static List<String> labelValues(YamlMap map, String key) {
        List<String> values = map.strings(key);
        for (int i = 0; i < values.size(); i++) {
            if (!LabelText.isValid(values.get(i))) {
                throw map.invalidItem(key, i, noLabelValue(values.get(i)), LABEL_FIX);
            }
        }
        return values;
    }

    /** A mapping of labels' keys to their values. */
    static Map<String, String> labels(YamlMap map) {
        Map<String, String> labels = new LinkedHashMap<>();
        for (String key : map.keys()) {
            if (!LabelText.isValid(key)) {
                throw map.invalidKey(key, noLabelKey(key), LABEL_FIX);
            }
            labels.put(key, labelValue(map, key));
        }
        return labels;
    }

    private static String noLabelKey(String text) {
        return QuotedText.of(text) + " is not a label's key";
    }

    private static String noLabelValue(String text) {
        return QuotedText.of(text) + " is not a label's value";
    }

    /** What tells domains apart: {@code host} or a label's key. */
    static String domain(YamlMap map) {
        return labelKey(map, "by");
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
