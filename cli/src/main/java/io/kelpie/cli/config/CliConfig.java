package io.kelpie.cli.config;

import io.kelpie.cli.CliException;
import io.kelpie.cli.connect.ControllerAddress;
import io.kelpie.common.yaml.YamlException;
import io.kelpie.common.yaml.YamlMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The operator's file of contexts, each a cluster to talk to:
 *
 * <pre>{@code
 * context: home
 * contexts:
 *   home: {controllers: ["127.0.0.1:7400"], namespace: default}
 * }</pre>
 *
 * @param current the context that holds if none is named; null if the file names none
 */
public record CliConfig(Path file, @Nullable String current, Map<String, Context> contexts) {

    /**
     * One cluster.
     *
     * @param controllers at least one address
     * @param namespace null: none is preferred
     */
    public record Context(
            List<ControllerAddress> controllers, @Nullable String namespace) {}

    /** Reads the file; one that does not exist has no contexts. Throws {@link CliException} if it is wrong. */
    public static CliConfig read(Path file) {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            return new CliConfig(file, null, Map.of());
        } catch (IOException e) {
            throw CliException.usage(file + ": cannot be read: " + e, "correct the file or its permissions");
        }
        try {
            return parse(file, YamlMap.parse(file.toString(), text));
        } catch (YamlException e) {
            throw CliException.usage(e.problem(), e.fix() == null ? "correct the file" : e.fix());
        }
    }

    private static CliConfig parse(Path file, YamlMap map) {
        String current = map.optionalString("context");
        Map<String, Context> contexts = new LinkedHashMap<>();
        YamlMap all = map.optionalMap("contexts");
        if (all != null) {
            for (String name : all.keys()) {
                YamlMap one = all.requiredMap(name);
                String where = file + ": " + one.child("controllers");
                Context context = new Context(
                        ControllerAddress.parseAll(where, one.strings("controllers")), one.optionalString("namespace"));
                one.rejectUnknown();
                contexts.put(name, context);
            }
        }
        map.rejectUnknown();
        return new CliConfig(file, current, contexts);
    }

    /** The context of that name. */
    public Context named(String name) {
        Context context = contexts.get(name);
        if (context == null) {
            throw CliException.usage(
                    "there is no context '" + name + "' in " + file,
                    contexts.isEmpty() ? "write it there" : "name one of " + String.join(", ", contexts.keySet()));
        }
        return context;
    }
}
