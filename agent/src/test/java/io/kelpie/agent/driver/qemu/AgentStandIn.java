package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.BootSector;
import io.kelpie.agent.driver.DriverEvent;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LeaseFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * A process that does of an agent's work only this: it starts one leased instance and goes on writing leases, until it is
 * stopped. Arguments: a folder, the length of each lease in milliseconds. It prints a line when the instance runs, and one
 * with the cause when it has ended.
 */
final class AgentStandIn {
    static final long LINEAGE = 3;

    private AgentStandIn() {}

    static LaunchSpec spec(Path folder) {
        Path instance = folder.resolve("instances/00000000-0000-0000-0000-000000000001/1");
        return new LaunchSpec.Builder(
                        new InstanceId(new UUID(0, 1), 1),
                        "web-0",
                        Accelerator.TCG,
                        folder.resolve("serial.log"),
                        instance,
                        folder.resolve("run"))
                .size(1, 16)
                .disks(List.of(new LaunchSpec.Disk(
                        "root", folder.resolve("disk"), LaunchSpec.DiskFormat.RAW, LaunchSpec.Bus.VIRTIO, false)))
                .lease(lease(folder).bond(LINEAGE))
                .build();
    }

    static LeaseFile lease(Path folder) {
        return new LeaseFile(folder.resolve("deadline"));
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Duration length = Duration.ofMillis(Long.parseLong(arguments[1]));
        LaunchSpec spec = spec(folder);
        Files.createDirectories(spec.instanceFolder());
        Files.createDirectories(spec.runFolder());
        BootSector.write(spec.disks().get(0).file(), "guest");
        QemuDriver driver = RealQemu.driver(folder.resolve("instances"));
        driver.onEvent(event -> {
            if (event instanceof DriverEvent.Exited exited) {
                System.out.println(exited.exit().cause());
                System.exit(0);
            }
        });
        lease(folder).holdFor(LINEAGE, length);
        driver.start(spec);
        System.out.println("runs");
        while (true) {
            lease(folder).holdFor(LINEAGE, length);
            Thread.sleep(20);
        }
    }
}
