package io.kelpie.common.metrics;

import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The name of one series: its family and its labels, written as a registry key {@code family{a=1,b=2}}.
 *
 * <p>Labels are sorted by name, so that one series has one key. In values {@code \}, {@code ,} and <code>}</code>
 * are escaped by a backslash; names need no escape. Immutable.
 */
record SeriesName(String family, SortedMap<String, String> labels) {
    private static final Pattern FAMILY = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern LABEL = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");

    SeriesName {
        if (!FAMILY.matcher(family).matches()) {
            throw new IllegalArgumentException("not a metric family name: \"" + family + "\"");
        }
        for (String label : labels.keySet()) {
            if (!LABEL.matcher(label).matches() || label.startsWith("__") || label.equals("le")) {
                throw new IllegalArgumentException("not a label name: \"" + label + "\" of " + family);
            }
        }
        labels = Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    /** Names a series by alternating label names and values. */
    static SeriesName of(String family, String... labelPairs) {
        if (labelPairs.length % 2 != 0) {
            throw new IllegalArgumentException(
                    "labels of " + family + " are name, value pairs, but there are " + Arrays.toString(labelPairs));
        }
        TreeMap<String, String> labels = new TreeMap<>();
        for (int i = 0; i < labelPairs.length; i += 2) {
            if (labels.put(labelPairs[i], labelPairs[i + 1]) != null) {
                throw new IllegalArgumentException("label \"" + labelPairs[i] + "\" of " + family + " is given twice");
            }
        }
        return new SeriesName(family, labels);
    }

    /** Reads what {@link #key()} wrote. */
    static SeriesName parse(String key) {
        int open = key.indexOf('{');
        if (open < 0) {
            return of(key);
        }
        TreeMap<String, String> labels = new TreeMap<>();
        int at = open + 1;
        while (at <= key.length()) {
            int equals = key.indexOf('=', at);
            if (equals < 0) {
                throw malformed(key);
            }
            StringBuilder value = new StringBuilder();
            int end = equals + 1;
            while (end < key.length() && key.charAt(end) != ',' && key.charAt(end) != '}') {
                if (key.charAt(end) == '\\') {
                    end++;
                }
                if (end == key.length()) {
                    throw malformed(key);
                }
                value.append(key.charAt(end++));
            }
            labels.put(key.substring(at, equals), value.toString());
            if (end == key.length() - 1 && key.charAt(end) == '}') {
                return new SeriesName(key.substring(0, open), labels);
            }
            if (end == key.length() || key.charAt(end) == '}') {
                throw malformed(key);
            }
            at = end + 1;
        }
        throw malformed(key);
    }

    /** The registry key. */
    String key() {
        if (labels.isEmpty()) {
            return family;
        }
        StringBuilder key = new StringBuilder(family).append('{');
        String separator = "";
        for (Map.Entry<String, String> label : labels.entrySet()) {
            key.append(separator).append(label.getKey()).append('=');
            String value = label.getValue();
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c == '\\' || c == ',' || c == '}') {
                    key.append('\\');
                }
                key.append(c);
            }
            separator = ",";
        }
        return key.append('}').toString();
    }

    private static IllegalArgumentException malformed(String key) {
        return new IllegalArgumentException("not a series key: \"" + key + "\"");
    }
}
