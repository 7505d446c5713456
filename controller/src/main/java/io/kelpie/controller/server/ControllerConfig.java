package io.kelpie.controller.server;

import io.kelpie.common.id.Names;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A controller's configuration. Unknown keys are refused.
 *
 * @param controllerId name of this controller among the others ({@code controllerId}, default {@code controller})
 * @param listenAddress where operators and agents connect ({@code listenAddress}, default {@code 127.0.0.1:7400})
 * @param advertiseAddress the same address as the others reach it ({@code advertiseAddress}, default the former)
 * @param dataFolder everything that this controller keeps on disk ({@code dataFolder})
 * @param store where the cluster's state is
 * @param controllers addresses of all controllers, told to agents ({@code controllers}, default only this one)
 * @param metricsAddress where {@code /metrics} is served ({@code metricsAddress}, default nowhere)
 * @param insecurePlaintext whether addresses other than loopback are accepted although nothing is encrypted
 *     ({@code insecurePlaintext}, default false)
 * @param vcpuOvercommitPercent vCPUs promised per 100 logical CPUs ({@code vcpuOvercommitPercent}, default 400)
 */
public record ControllerConfig(
        String controllerId,
        InetSocketAddress listenAddress,
        String advertiseAddress,
        Path dataFolder,
        Store store,
        List<String> controllers,
        Optional<InetSocketAddress> metricsAddress,
        boolean insecurePlaintext,
        int vcpuOvercommitPercent) {
    public ControllerConfig {
        controllers = List.copyOf(controllers);
    }

    /** Where the cluster's state is. */
    public sealed interface Store {
        /** In a ZooKeeper server inside this process ({@code embeddedZooKeeper: true}). */
        record Embedded(InetSocketAddress address) implements Store {}

        /** In an ensemble ({@code zooKeeper: host:port,host:port}). */
        record External(String connectString) implements Store {}
    }

    /** Reads a configuration; {@code source} is its name in messages. */
    public static ControllerConfig parse(String source, String text) {
        YamlMap yaml = YamlMap.parse(source, text);
        String controllerId = yaml.string("controllerId", "controller");
        if (!Names.isValid(controllerId)) {
            throw yaml.invalid("controllerId", QuotedText.of(controllerId) + " is not a name", "give " + Names.RULE);
        }
        InetSocketAddress listen = yaml.parsed("listenAddress", Addresses.parse("127.0.0.1:7400"), Addresses::parse);
        String advertise = yaml.string("advertiseAddress", Addresses.format(listen));
        List<String> controllers = new ArrayList<>(yaml.strings("controllers"));
        if (!controllers.contains(advertise)) {
            controllers.add(advertise);
        }
        ControllerConfig config = new ControllerConfig(
                controllerId,
                listen,
                advertise,
                Path.of(yaml.requiredString("dataFolder")),
                store(yaml),
                controllers,
                yaml.has("metricsAddress")
                        ? Optional.of(yaml.parsed("metricsAddress", listen, Addresses::parse))
                        : Optional.empty(),
                yaml.bool("insecurePlaintext", false),
                (int) yaml.integer("vcpuOvercommitPercent", 400, 100, 10_000));
        yaml.rejectUnknown();
        if (!config.insecurePlaintext) {
            requireLoopback(yaml, "listenAddress", listen);
            config.metricsAddress.ifPresent(address -> requireLoopback(yaml, "metricsAddress", address));
            if (config.store instanceof Store.Embedded embedded) {
                requireLoopback(yaml, "embeddedZooKeeperAddress", embedded.address());
            }
        }
        return config;
    }

    private static void requireLoopback(YamlMap yaml, String key, InetSocketAddress address) {
        if (!address.getAddress().isLoopbackAddress()) {
            throw yaml.invalid(
                    key,
                    "'" + Addresses.format(address) + "' is not loopback, and nothing is encrypted yet",
                    "listen on 127.0.0.1, or accept plain text by insecurePlaintext: true");
        }
    }

    private static Store store(YamlMap yaml) {
        boolean embedded = yaml.bool("embeddedZooKeeper", false);
        InetSocketAddress embeddedAddress =
                yaml.parsed("embeddedZooKeeperAddress", Addresses.parse("127.0.0.1:7401"), Addresses::parse);
        String external = yaml.string("zooKeeper", "");
        if (embedded == !external.isEmpty()) {
            throw yaml.invalid(
                    "zooKeeper",
                    embedded ? "is given beside embeddedZooKeeper: true" : "is missing",
                    "give either embeddedZooKeeper: true (one controller) or zooKeeper: host:port,… (an ensemble)");
        }
        return embedded ? new Store.Embedded(embeddedAddress) : new Store.External(external);
    }
}
