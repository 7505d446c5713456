package io.kelpie.agent.server;

import io.kelpie.agent.disk.PoolConfig;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.link.Channels;
import io.kelpie.common.id.Names;
import io.kelpie.common.units.ByteSizes;
import io.kelpie.common.yaml.YamlException;
import io.kelpie.common.yaml.YamlMap;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * An agent's configuration.
 *
 * @param hostName name of the host, for people; unique in the cluster
 * @param dataFolder durable files of the agent
 * @param runFolder sockets; short, as a socket's path has at most 107 bytes
 * @param controllers addresses host:port, at least one
 * @param labels of the host
 * @param pools where disks are kept and images are found; {@code default} is one of them
 * @param taints of the host
 * @param reserved what VMs do not get of the machine
 * @param capacity what the host has, if that is not what the machine has
 * @param devices devices for VMs, by kind
 * @param drivers enabled drivers, in the order of {@link DriverKind}
 * @param qemuBinary qemu-system-x86_64
 * @param libvirtUri libvirt's connection URI
 * @param guard kelpie-guard; empty: the one of this installation
 * @param metricsAddress where /metrics is served; empty: nowhere
 * @param insecurePlaintext whether a controller elsewhere may be reached without TLS
 */
public record AgentConfig(
        String hostName,
        Path dataFolder,
        Path runFolder,
        List<String> controllers,
        Map<String, String> labels,
        List<PoolConfig> pools,
        List<HostTaint> taints,
        Reserved reserved,
        Optional<StatedCapacity> capacity,
        SortedMap<String, DeviceKind> devices,
        Set<DriverKind> drivers,
        Path qemuBinary,
        String libvirtUri,
        Optional<Path> guard,
        Optional<InetSocketAddress> metricsAddress,
        boolean insecurePlaintext) {
    /** Most logical CPUs of a host. */
    static final int CPUS_MAX = 100_000;

    private static final String DEFAULT_POOL = "default";
    private static final int LABELS_MAX = 64;
    /** A run folder's path may be this long: 107 bytes less what is below it. */
    private static final int RUN_FOLDER_LENGTH_MAX = 70;

    /**
     * Reads a configuration, strictly.
     *
     * @param source its name in messages
     * @param machineName the host's name if the configuration gives none
     * @throws YamlException naming place, key and fix, if it is not one
     */
    public static AgentConfig parse(String source, String text, String machineName) {
        YamlMap yaml = YamlMap.parse(source, text);
        Path dataFolder = path(yaml, "dataFolder", "/var/lib/kelpie/agent");
        Set<DriverKind> drivers = drivers(yaml);
        boolean rehearsal = drivers.contains(DriverKind.FAKE);
        YamlMap capacity = yaml.optionalMap("capacity");
        AgentConfig config = new AgentConfig(
                name(yaml, "hostName", machineName),
                dataFolder,
                runFolder(yaml),
                controllers(yaml),
                labels(yaml),
                pools(yaml, dataFolder),
                HostTaint.parseAll(yaml),
                Reserved.parse(yaml),
                Optional.ofNullable(capacity).map(map -> StatedCapacity.parse(map, rehearsal)),
                DeviceKind.parseAll(yaml, rehearsal),
                drivers,
                path(yaml, "qemuBinary", "/usr/bin/qemu-system-x86_64"),
                yaml.string("libvirtUri", "qemu:///system"),
                yaml.has("guard") ? Optional.of(path(yaml, "guard", "")) : Optional.empty(),
                yaml.parsed("metricsAddress", Optional.empty(), AgentConfig::resolved),
                yaml.bool("insecurePlaintext", false));
        yaml.rejectUnknown();
        config.checkControllers(yaml);
        return config;
    }

    /** Whether all controllers are on this machine. */
    public boolean isOneMachine() {
        return controllers.stream().allMatch(Channels::isLoopback);
    }

    /** After unknown keys: one of those may be a misspelt `controllers`. */
    private void checkControllers(YamlMap yaml) {
        if (controllers.isEmpty()) {
            throw yaml.invalid("controllers", "no controller is named", "give a list of host:port");
        }
        for (String controller : controllers) {
            if (!insecurePlaintext && !Channels.isLoopback(controller)) {
                throw yaml.invalid(
                        "controllers",
                        "controller " + controller + " is not on this machine, and connections are not encrypted",
                        "protect the network by other means and set insecurePlaintext: true");
            }
        }
    }

    private static String name(YamlMap yaml, String key, String fallback) {
        String name = yaml.string(key, fallback);
        if (!Names.isValid(name)) {
            throw yaml.invalid(key, "'" + name + "' is no name", "give " + Names.RULE);
        }
        return name;
    }

    private static Path path(YamlMap yaml, String key, String fallback) {
        return yaml.parsed(key, Path.of(fallback), text -> {
            try {
                Path path = Path.of(text);
                if (!path.isAbsolute()) {
                    throw new IllegalArgumentException("give an absolute path");
                }
                return path.normalize();
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("give an absolute path", e);
            }
        });
    }

    private static Path runFolder(YamlMap yaml) {
        Path folder = path(yaml, "runFolder", "/run/kelpie");
        if (folder.toString().length() > RUN_FOLDER_LENGTH_MAX) {
            throw yaml.invalid(
                    "runFolder",
                    "the path has " + folder.toString().length()
                            + " characters, and sockets below it would be too deep",
                    "give a path of at most " + RUN_FOLDER_LENGTH_MAX + " characters");
        }
        return folder;
    }

    private static List<String> controllers(YamlMap yaml) {
        List<String> controllers = List.copyOf(new LinkedHashSet<>(yaml.strings("controllers")));
        for (String controller : controllers) {
            try {
                Channels.parse(controller);
            } catch (IllegalArgumentException e) {
                throw yaml.invalid("controllers", "'" + controller + "' is no address", String.valueOf(e.getMessage()));
            }
        }
        return controllers;
    }

    private static Map<String, String> labels(YamlMap yaml) {
        Map<String, String> labels = yaml.stringMap("labels");
        if (labels.size() > LABELS_MAX) {
            throw yaml.invalid("labels", labels.size() + " are too many", "give at most " + LABELS_MAX);
        }
        return Collections.unmodifiableMap(new LinkedHashMap<>(labels));
    }

    private static List<PoolConfig> pools(YamlMap yaml, Path dataFolder) {
        List<PoolConfig> pools = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        for (YamlMap pool : yaml.maps("pools")) {
            String name = name(pool, "name", "");
            if (!names.add(name)) {
                throw pool.invalid("name", "pool " + name + " stands twice", "give each pool a name of its own");
            }
            pool.requiredString("path");
            pools.add(new PoolConfig(name, path(pool, "path", "/"), pool.bool("shared", false)));
            pool.rejectUnknown();
        }
        if (pools.isEmpty()) {
            pools.add(new PoolConfig(DEFAULT_POOL, dataFolder.resolve("pool"), false));
        } else if (!names.contains(DEFAULT_POOL)) {
            throw yaml.invalid("pools", "there is no pool " + DEFAULT_POOL, "name one of them " + DEFAULT_POOL);
        }
        return List.copyOf(pools);
    }

    private static Set<DriverKind> drivers(YamlMap yaml) {
        Set<DriverKind> drivers = EnumSet.noneOf(DriverKind.class);
        for (String name : yaml.strings("drivers")) {
            drivers.add(
                    switch (name) {
                        case "qemu" -> DriverKind.QEMU;
                        case "libvirt" -> DriverKind.LIBVIRT;
                        case "fake" -> DriverKind.FAKE;
                        default ->
                            throw yaml.invalid(
                                    "drivers", "'" + name + "' is no driver", "give a list of qemu, libvirt, fake");
                    });
        }
        if (drivers.isEmpty()) {
            drivers.add(DriverKind.QEMU);
        }
        return Collections.unmodifiableSet(drivers);
    }

    static long size(YamlMap yaml, String key, long fallback) {
        return yaml.parsed(
                key,
                fallback,
                text -> ByteSizes.parseMib(text).orElseThrow(() -> new IllegalArgumentException(ByteSizes.RULE)));
    }

    private static Optional<InetSocketAddress> resolved(String text) {
        InetSocketAddress address = Channels.parse(text);
        return Optional.of(new InetSocketAddress(address.getHostString(), address.getPort()));
    }
}
