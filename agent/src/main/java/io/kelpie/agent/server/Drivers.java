package io.kelpie.agent.server;

import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.driver.fake.FakeDriver;
import io.kelpie.agent.driver.libvirt.LibvirtDriver;
import io.kelpie.agent.driver.libvirt.LibvirtSettings;
import io.kelpie.agent.driver.qemu.QemuDriver;
import io.kelpie.agent.driver.qemu.QemuTimeouts;
import io.kelpie.agent.instance.InstanceFolders;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** The enabled drivers of this host. Closing it closes them; their instances go on. */
final class Drivers implements AutoCloseable {
    private final Map<DriverKind, VmDriver> drivers = new EnumMap<>(DriverKind.class);

    private Drivers() {}

    /** Makes the drivers that the configuration enables; no process is started. */
    static Drivers open(AgentConfig config, InstanceFolders folders, TimeSource time) throws IOException {
        Drivers drivers = new Drivers();
        try {
            for (DriverKind kind : config.drivers()) {
                drivers.drivers.put(kind, drivers.open(kind, config, folders, time));
            }
            return drivers;
        } catch (IOException | RuntimeException e) {
            drivers.close();
            throw e;
        }
    }

    /** In the order of preference. */
    Map<DriverKind, VmDriver> all() {
        return Collections.unmodifiableMap(drivers);
    }

    @Override
    public void close() {
        drivers.values().forEach(VmDriver::close);
    }

    private VmDriver open(DriverKind kind, AgentConfig config, InstanceFolders folders, TimeSource time)
            throws IOException {
        return switch (kind) {
            case QEMU ->
                new QemuDriver(
                        config.qemuBinary(),
                        config.guard().orElseGet(Drivers::installedGuard),
                        folders.instances(),
                        time,
                        QemuTimeouts.standard());
            case LIBVIRT ->
                new LibvirtDriver(
                        LibvirtSettings.system(
                                config.libvirtUri(),
                                Optional.of(config.qemuBinary()),
                                Optional.of(config.guard().orElseGet(Drivers::installedGuard))),
                        time);
            case FAKE -> new FakeDriver(config.dataFolder().resolve("fake.yaml"), folders.instances(), time);
        };
    }

    /** The guard beside the agent: {@code bin/kelpie-guard}, where the agent's code is {@code lib/*.jar}. */
    private static Path installedGuard() {
        Path fallback = Path.of("/usr/bin/kelpie-guard");
        try {
            Path code = Path.of(Drivers.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Path guard = code.resolveSibling("../bin/kelpie-guard").normalize();
            return Files.isExecutable(guard) ? guard : fallback;
        } catch (URISyntaxException e) {
            return fallback;
        }
    }
}
