package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverException;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.ExitInfo;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.InstanceStatus;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import java.util.Map;
import java.util.Optional;

/** Finds the hypervisors of instances that an earlier process of the agent started. Blocks; runs on workers. */
final class Adoption {
    private final Map<DriverKind, VmDriver> drivers;
    private final InstanceFolders folders;

    /**
     * What was found.
     *
     * @param launch who runs it; empty if nobody does and the ledger does not know who did
     * @param status as it is now
     */
    record Found(Optional<Launch> launch, InstanceStatus status) {}

    Adoption(Map<DriverKind, VmDriver> drivers, InstanceFolders folders) {
        this.drivers = drivers;
        this.folders = folders;
    }

    /** @throws DriverException if it cannot be known now whether the instance runs */
    Found find(InstanceId id, Optional<Launch> launch) throws DriverException {
        return launch.isPresent() ? byHandle(id, launch.get()) : byFolder(id);
    }

    private Found byHandle(InstanceId id, Launch launch) throws DriverException {
        VmDriver driver = drivers.get(launch.handle().driver());
        if (driver == null) {
            throw new DriverException(
                    "driver " + launch.handle().driver() + " is not enabled on this host any more. Fix: "
                            + "add it to `drivers` in the agent's configuration again");
        }
        return new Found(Optional.of(launch), driver.adopt(id, launch.handle()));
    }

    /** Asks every driver; what it needs to know lies in the instance's folders, whose names follow from the id. */
    private Found byFolder(InstanceId id) throws DriverException {
        Optional<ExitInfo> exit = Optional.empty();
        for (VmDriver driver : drivers.values()) {
            DriverHandle handle = driver.handle(specOfFolders(id));
            InstanceStatus status = driver.adopt(id, handle);
            if (status.power() != InstanceStatus.Power.GONE) {
                return new Found(Optional.of(new Launch(handle, Optional.empty())), status);
            }
            exit = exit.or(status::exit);
        }
        return new Found(Optional.empty(), new InstanceStatus(InstanceStatus.Power.GONE, 0, exit));
    }

    private LaunchSpec specOfFolders(InstanceId id) {
        return new LaunchSpec.Builder(
                        id,
                        "unknown",
                        Accelerator.TCG,
                        folders.serialLog(id.vmId()),
                        folders.instance(id),
                        folders.run(id))
                .build();
    }
}
