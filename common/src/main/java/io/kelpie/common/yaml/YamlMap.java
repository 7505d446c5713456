package io.kelpie.common.yaml;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML mapping that is read key by key, strictly: a key that nobody asked for is refused by {@link #rejectUnknown}
 * with its line, its column and the nearest key that exists; a value of another type is refused where it is read.
 *
 * <p>Not thread-safe. Every method that reads throws {@link YamlException} on bad input.
 */
public final class YamlMap {
    private static final int MAX_DEPTH = 50;

    private final String source;
    private final String path;
    private final Map<String, NodeTuple> tuples = new LinkedHashMap<>();
    private final Set<String> asked = new LinkedHashSet<>();
    private final Node node;

    private YamlMap(String source, String path, MappingNode node) {
        this.source = source;
        this.path = path;
        this.node = node;
        for (NodeTuple tuple : node.getValue()) {
            Node key = tuple.getKeyNode();
            if (!(key instanceof ScalarNode scalar)) {
                throw error(
                        key, path.isEmpty() ? "the document" : path, "a key is not a plain word", "write 'key: value'");
            }
            if (tuples.put(scalar.getValue(), tuple) != null) {
                throw error(key, child(visible(scalar.getValue())), "the key stands twice", "keep one of them");
            }
        }
    }

    /** Parses a text that holds exactly one document. {@code source} is its name in messages. */
    public static YamlMap parse(String source, String text) {
        List<YamlMap> documents = parseAll(source, text);
        if (documents.size() > 1) {
            throw documents
                    .get(1)
                    .error(documents.get(1).node, "the document", "only one document is expected", "remove the rest");
        }
        return documents.get(0);
    }

    /**
     * Parses a text of one or more documents, divided by {@code ---}; empty ones are left out.
     *
     * @return at least one document
     */
    public static List<YamlMap> parseAll(String source, String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(source)
                .setMaxAliasesForCollections(0)
                .setAllowDuplicateKeys(true) // refused above, with the path of the key
                .build();
        List<YamlMap> documents = new ArrayList<>();
        try {
            checkDepth(source, settings, text);
            for (Node root : new Compose(settings).composeAllFromString(text)) {
                if (isNull(root)) {
                    continue;
                }
                if (!(root instanceof MappingNode mapping)) {
                    throw new YamlException(
                            source + position(root) + ": the document is not a mapping of keys to values",
                            "write 'key: value' lines");
                }
                documents.add(new YamlMap(source, "", mapping));
            }
        } catch (MarkedYamlEngineException e) {
            String where = e.getProblemMark().map(YamlMap::position).orElse("");
            throw new YamlException(source + where + ": not YAML: " + e.getProblem(), "correct the YAML at this place");
        } catch (YamlEngineException e) {
            throw new YamlException(source + ": not YAML: " + e.getMessage(), "correct the YAML");
        }
        if (documents.isEmpty()) {
            throw new YamlException(source + ": the document is empty");
        }
        return documents;
    }

    /** Composing recurses: without a limit a few kilobytes of brackets end in a stack overflow. */
    private static void checkDepth(String source, LoadSettings settings, String text) {
        int depth = 0;
        for (Event event : new Parse(settings).parseString(text)) {
            if (event instanceof CollectionStartEvent) {
                depth++;
            } else if (event instanceof CollectionEndEvent) {
                depth--;
            }
            if (depth > MAX_DEPTH) {
                String where = event.getStartMark().map(YamlMap::position).orElse("");
                throw new YamlException(
                        source + where + ": more than " + MAX_DEPTH + " levels are nested", "nest less deeply");
            }
        }
    }

    /** Length of this mapping in its document, in characters. */
    public int length() {
        return node.getEndMark().map(Mark::getIndex).orElse(0)
                - node.getStartMark().map(Mark::getIndex).orElse(0);
    }

    /** The path of a key in this mapping, e.g. {@code spec.vm.memory}. */
    public String child(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    public boolean has(String key) {
        asked.add(key);
        NodeTuple tuple = tuples.get(key);
        return tuple != null && !isNull(tuple.getValueNode());
    }

    /** True if the key's value is a mapping; counts as asking for the key. */
    public boolean isMap(String key) {
        return value(key) instanceof MappingNode;
    }

    /** True if the key's value is a list; counts as asking for the key. */
    public boolean isList(String key) {
        return value(key) instanceof SequenceNode;
    }

    /** The keys in the order of the document; counts as asking for them all. */
    public List<String> keys() {
        asked.addAll(tuples.keySet());
        return List.copyOf(tuples.keySet());
    }

    public @Nullable String optionalString(String key) {
        Node value = value(key);
        if (value == null) {
            return null;
        }
        if (value instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        throw error(value, child(key), "is not a single value", "write '" + key + ": value'");
    }

    public String string(String key, String fallback) {
        String value = optionalString(key);
        return value == null ? fallback : value;
    }

    public String requiredString(String key) {
        String value = optionalString(key);
        if (value == null) {
            throw missing(key);
        }
        return value;
    }

    public long integer(String key, long fallback, long min, long max) {
        String value = optionalString(key);
        if (value == null) {
            return fallback;
        }
        long number;
        try {
            number = Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw invalid(key, QuotedText.of(value) + " is not a whole number", "give " + min + " to " + max);
        }
        if (number < min || number > max) {
            throw invalid(key, number + " is out of range", "give " + min + " to " + max);
        }
        return number;
    }

    public boolean bool(String key, boolean fallback) {
        String value = optionalString(key);
        if (value == null) {
            return fallback;
        }
        return switch (value) {
            case "true" -> true;
            case "false" -> false;
            default -> throw invalid(key, QuotedText.of(value) + " is neither true nor false", "give true or false");
        };
    }

    /** A value that {@code parser} understands; it throws {@link IllegalArgumentException} with the rule if not. */
    public <T> T parsed(String key, T fallback, Function<String, T> parser) {
        String value = optionalString(key);
        if (value == null) {
            return fallback;
        }
        try {
            return parser.apply(value);
        } catch (IllegalArgumentException e) {
            throw invalid(key, QuotedText.of(value) + " is not accepted", "give " + String.valueOf(e.getMessage()));
        }
    }

    public @Nullable YamlMap optionalMap(String key) {
        Node value = value(key);
        if (value == null) {
            return null;
        }
        if (value instanceof MappingNode mapping) {
            return new YamlMap(source, child(key), mapping);
        }
        throw error(value, child(key), "is not a mapping of keys to values", "write its keys below '" + key + ":'");
    }

    public YamlMap requiredMap(String key) {
        YamlMap map = optionalMap(key);
        if (map == null) {
            throw missing(key);
        }
        return map;
    }

    /** A list of mappings; empty if the key is absent. */
    public List<YamlMap> maps(String key) {
        List<YamlMap> maps = new ArrayList<>();
        List<Node> items = items(key);
        for (int i = 0; i < items.size(); i++) {
            String itemPath = child(key) + "[" + i + "]";
            if (!(items.get(i) instanceof MappingNode mapping)) {
                throw error(items.get(i), itemPath, "is not a mapping of keys to values", "write '- key: value'");
            }
            maps.add(new YamlMap(source, itemPath, mapping));
        }
        return maps;
    }

    /** A list of single values; empty if the key is absent. */
    public List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        List<Node> items = items(key);
        for (int i = 0; i < items.size(); i++) {
            if (!(items.get(i) instanceof ScalarNode scalar)) {
                throw error(items.get(i), child(key) + "[" + i + "]", "is not a single value", "write '- value'");
            }
            strings.add(scalar.getValue());
        }
        return strings;
    }

    /** A mapping of free keys to single values, in the order of the document; empty if the key is absent. */
    public Map<String, String> stringMap(String key) {
        YamlMap map = optionalMap(key);
        Map<String, String> strings = new LinkedHashMap<>();
        if (map != null) {
            for (String name : map.keys()) {
                strings.put(name, map.requiredString(name));
            }
        }
        return strings;
    }

    /** Refuses every key that was not asked for until now. Call it once all keys were read. */
    public void rejectUnknown() {
        rejectUnknown(Set.of());
    }

    /** As {@link #rejectUnknown()}; a key of {@code notYet} is called planned instead of unknown. */
    public void rejectUnknown(Set<String> notYet) {
        for (Map.Entry<String, NodeTuple> entry : tuples.entrySet()) {
            String key = entry.getKey();
            if (asked.contains(key)) {
                continue;
            }
            Node at = entry.getValue().getKeyNode();
            if (notYet.contains(key)) {
                throw error(at, child(key), "this version does not support the key yet", "remove it");
            }
            throw unknown(key, at, NearestWord.of(key, asked));
        }
    }

    /** An error at a key's value, or at the mapping if the key is absent. */
    public YamlException invalid(String key, String problem, String fix) {
        NodeTuple tuple = tuples.get(key);
        return error(tuple == null ? node : tuple.getValueNode(), child(key), problem, fix);
    }

    /** An error at an item of a key's list. */
    public YamlException invalidItem(String key, int index, String problem, String fix) {
        return error(items(key).get(index), child(key) + "[" + index + "]", problem, fix);
    }

    /** An error at a key that is there, in a mapping of free keys. */
    public YamlException invalidKey(String key, String problem, String fix) {
        return error(Objects.requireNonNull(tuples.get(key)).getKeyNode(), path, problem, fix);
    }

    private YamlException missing(String key) {
        for (Map.Entry<String, NodeTuple> entry : tuples.entrySet()) {
            boolean mistyped = !asked.contains(entry.getKey()) && NearestWord.of(entry.getKey(), List.of(key)) != null;
            if (mistyped) {
                return unknown(entry.getKey(), entry.getValue().getKeyNode(), key);
            }
        }
        return error(node, child(key), "is required", "add '" + key + ": …'");
    }

    private YamlException unknown(String key, Node at, @Nullable String nearest) {
        String fix = nearest == null
                ? "known keys are " + String.join(", ", asked)
                : "did you mean " + QuotedText.of(nearest) + "?";
        return error(at, child(visible(key)), "unknown key", fix);
    }

    private List<Node> items(String key) {
        Node value = value(key);
        if (value == null) {
            return List.of();
        }
        if (value instanceof SequenceNode sequence) {
            return sequence.getValue();
        }
        throw error(value, child(key), "is not a list", "write '" + key + ": […]'");
    }

    private @Nullable Node value(String key) {
        return has(key) ? Objects.requireNonNull(tuples.get(key)).getValueNode() : null;
    }

    private YamlException error(Node at, String what, String problem, String fix) {
        return new YamlException(source + position(at) + ": " + what + ": " + problem, fix);
    }

    private static String visible(String key) {
        String quoted = QuotedText.of(key);
        return quoted.equals("'" + key + "'") ? key : quoted;
    }

    private static boolean isNull(Node node) {
        return node instanceof ScalarNode scalar
                && scalar.isPlain()
                && scalar.getValue().isEmpty();
    }

    private static String position(Node node) {
        return node.getStartMark().map(YamlMap::position).orElse("");
    }

    private static String position(Mark mark) {
        return ":" + (mark.getLine() + 1) + ":" + (mark.getColumn() + 1);
    }
}
