package io.kelpie.controller.server;

import io.kelpie.common.id.Names;
import io.kelpie.common.lease.LeaseProfile;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.controller.fence.FenceConfig;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSetChange;
import io.kelpie.controller.scheduling.NPlusOne;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.SchedulingPolicy.Packing;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A controller's configuration. Unknown keys are refused.
 *
 * @param identity name of this controller among the others ({@code controllerId}, default {@code controller}); its
 *     address as the others reach it ({@code advertiseAddress}, default its address among {@code controllers}, else
 *     {@code listenAddress}); and the controllers that a new cluster begins with ({@code controllers: [c1=host:port, …]},
 *     the same list for all of them, default only this one) and with which lease times ({@code leaseTimes: standard} or
 *     {@code large}, for more than 2,000 hosts; the same for all, fixed when the cluster is created)
 * @param listenAddress where operators and agents connect ({@code listenAddress}, default {@code 127.0.0.1:7400})
 * @param dataFolder everything that this controller keeps on disk ({@code dataFolder})
 * @param store where the cluster's state is
 * @param metricsAddress where {@code /metrics} is served ({@code metricsAddress}, default nowhere)
 * @param insecurePlaintext whether addresses other than loopback are accepted although nothing is encrypted
 *     ({@code insecurePlaintext}, default false)
 * @param scheduling how placement weighs: {@code vcpuOvercommitPercent}, vCPUs promised per 100 logical CPUs, default
 *     400; and below {@code placement} {@code policy}, {@code pack} (default) or {@code spread}; {@code startsInFlight},
 *     instances that a host may be starting at once, default any number; {@code preferWeight} and {@code imageWeight},
 *     points of 100
 * @param fence the program that powers hosts off ({@code fence}, default none): {@code command}, its absolute path and
 *     first arguments, and {@code timeoutSeconds}, 5 to 600, default 30
 */
public record ControllerConfig(
        ControllerIdentity identity,
        InetSocketAddress listenAddress,
        Path dataFolder,
        Store store,
        Optional<InetSocketAddress> metricsAddress,
        boolean insecurePlaintext,
        SchedulingPolicy scheduling,
        Optional<FenceConfig> fence) {
    private static final String CONTROLLERS = "controllers";

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
        ControllerConfig config = new ControllerConfig(
                identity(yaml, controllerId, listen)
                        .with(yaml.parsed("leaseTimes", LeaseProfile.STANDARD, LeaseProfile::ofWord)),
                listen,
                Path.of(yaml.requiredString("dataFolder")),
                store(yaml),
                yaml.has("metricsAddress")
                        ? Optional.of(yaml.parsed("metricsAddress", listen, Addresses::parse))
                        : Optional.empty(),
                yaml.bool("insecurePlaintext", false),
                scheduling(yaml),
                fence(yaml.optionalMap("fence")));
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

    private static SchedulingPolicy scheduling(YamlMap yaml) {
        SchedulingPolicy standard = SchedulingPolicy.DEFAULT;
        int overcommitPercent =
                (int) yaml.integer("vcpuOvercommitPercent", standard.vcpuOvercommitPercent(), 100, 10_000);
        YamlMap placement = yaml.optionalMap("placement");
        if (placement == null) {
            return standard.withOvercommit(overcommitPercent);
        }
        SchedulingPolicy policy = new SchedulingPolicy(
                overcommitPercent,
                placement.parsed("policy", standard.packing(), ControllerConfig::packing),
                (int) placement.integer("startsInFlight", standard.startsInFlightMax(), 0, 10_000),
                (int) placement.integer("preferWeight", standard.preferWeight(), 0, 100),
                (int) placement.integer("imageWeight", standard.imageWeight(), 0, 100),
                placement.parsed("nPlusOne", standard.nPlusOne(), ControllerConfig::nPlusOne));
        placement.rejectUnknown();
        return policy;
    }

    private static NPlusOne nPlusOne(String word) {
        return switch (word) {
            case "off" -> NPlusOne.OFF;
            case "warn" -> NPlusOne.WARN;
            case "enforce" -> NPlusOne.ENFORCE;
            default -> throw new IllegalArgumentException("off, warn or enforce");
        };
    }

    private static Packing packing(String word) {
        return switch (word) {
            case "pack" -> Packing.PACK;
            case "spread" -> Packing.SPREAD;
            default -> throw new IllegalArgumentException("pack or spread");
        };
    }

    private static Optional<FenceConfig> fence(@Nullable YamlMap fence) {
        if (fence == null) {
            return Optional.empty();
        }
        List<String> command = fence.strings("command");
        if (command.isEmpty()) {
            throw fence.invalid(
                    "command", "names no program", "give its absolute path, e.g. command: [/usr/local/bin/fence-ipmi]");
        }
        if (!command.get(0).startsWith("/")) {
            throw fence.invalid(
                    "command", QuotedText.of(command.get(0)) + " is not an absolute path", "give the whole path");
        }
        Duration timeLimit = Duration.ofSeconds(fence.integer("timeoutSeconds", 30, 5, 600));
        fence.rejectUnknown();
        return Optional.of(new FenceConfig(command, timeLimit));
    }

    private static ControllerIdentity identity(YamlMap yaml, String controllerId, InetSocketAddress listen) {
        Map<String, String> controllers = controllers(yaml);
        String own = controllers.get(controllerId);
        String advertise = yaml.string("advertiseAddress", own == null ? Addresses.format(listen) : own);
        if (!Controller.isAddress(advertise)) {
            throw yaml.invalid("advertiseAddress", QuotedText.of(advertise) + " is no address", Addresses.RULE);
        }
        if (controllers.isEmpty()) {
            return ControllerIdentity.alone(controllerId, advertise);
        }
        if (own == null) {
            throw yaml.invalid(
                    CONTROLLERS,
                    "does not name this controller (controllerId: " + controllerId + ")",
                    "add " + controllerId + "=" + advertise + " to it");
        }
        if (!own.equals(advertise)) {
            throw yaml.invalid(
                    CONTROLLERS,
                    "has this controller at " + own + ", its advertiseAddress is " + advertise,
                    "write one of them in both places, or leave advertiseAddress out");
        }
        return new ControllerIdentity(
                controllerId,
                advertise,
                controllers.entrySet().stream()
                        .map(entry -> new Controller(entry.getKey(), entry.getValue(), true))
                        .toList());
    }

    private static Map<String, String> controllers(YamlMap yaml) {
        Map<String, String> controllers = new LinkedHashMap<>();
        for (String text : yaml.strings(CONTROLLERS)) {
            int equals = text.indexOf('=');
            String id = text.substring(0, Math.max(0, equals));
            String address = text.substring(equals + 1);
            boolean isAddress = Controller.isAddress(address);
            if (equals < 0 && isAddress) {
                throw yaml.invalid(
                        CONTROLLERS,
                        QuotedText.of(text) + " names no controller",
                        "write its controllerId before it: c1=" + address);
            }
            if (!Names.isValid(id) || !isAddress) {
                throw yaml.invalid(
                        CONTROLLERS,
                        QuotedText.of(text) + " is no controller",
                        "write its controllerId and its address: c1=10.0.0.1:7400");
            }
            if (controllers.containsValue(address)) {
                throw yaml.invalid(
                        CONTROLLERS, address + " stands there twice", "give each controller an address of its own");
            }
            if (controllers.put(id, address) != null) {
                throw yaml.invalid(CONTROLLERS, id + " stands there twice", "give each controller an id of its own");
            }
        }
        if (controllers.size() > ControllerSetChange.MAX_MEMBERS) {
            throw yaml.invalid(
                    CONTROLLERS,
                    controllers.size() + " controllers are named",
                    "name at most " + ControllerSetChange.MAX_MEMBERS);
        }
        return controllers;
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
