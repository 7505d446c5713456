package io.kelpie.cli.config;

import io.kelpie.cli.CliException;
import io.kelpie.cli.connect.ControllerAddress;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which cluster a command is for, and which namespace: options before environment before file.
 *
 * @param controllers at least one address
 * @param namespace the namespace that holds if nothing else names one
 */
public record Target(List<ControllerAddress> controllers, String namespace) {
    public static final String CONTROLLERS = "KELPIE_CONTROLLERS";
    public static final String CONTEXT = "KELPIE_CONTEXT";
    public static final String CONFIG = "KELPIE_CONFIG";

    private static final String DEFAULT_NAMESPACE = "default";

    /** The options are null where they were not given. Throws {@link CliException} if no controller is named. */
    public static Target find(
            @Nullable String controllersOption,
            @Nullable String contextOption,
            @Nullable String namespaceOption,
            Map<String, String> environment,
            Path home) {
        String controllers = first(controllersOption, environment.get(CONTROLLERS));
        String contextName = first(contextOption, environment.get(CONTEXT));
        CliConfig.Context context = null;
        Path file = configFile(environment, home);
        if (controllers == null || namespaceOption == null || contextName != null) {
            CliConfig config = CliConfig.read(file);
            contextName = first(contextName, config.current());
            context = contextName == null ? null : config.named(contextName);
        }
        List<ControllerAddress> addresses;
        if (controllers != null) {
            String where = controllersOption != null && !controllersOption.isBlank() ? "--controllers" : CONTROLLERS;
            addresses = ControllerAddress.parseAll(where, Arrays.asList(controllers.split(",")));
        } else if (context != null) {
            addresses = context.controllers();
        } else {
            throw CliException.usage(
                    "no controller is named",
                    "give --controllers host:port, or set " + CONTROLLERS + ", or write a context into " + file);
        }
        String preferred = context == null ? null : context.namespace();
        String namespace = first(namespaceOption, preferred);
        return new Target(addresses, namespace == null ? DEFAULT_NAMESPACE : namespace);
    }

    private static Path configFile(Map<String, String> environment, Path home) {
        String named = environment.get(CONFIG);
        return named != null && !named.isBlank() ? Path.of(named) : home.resolve(".config/kelpie/config.yaml");
    }

    private static @Nullable String first(@Nullable String option, @Nullable String otherwise) {
        return option != null && !option.isBlank()
                ? option
                : otherwise == null || otherwise.isBlank() ? null : otherwise;
    }
}
