package io.kelpie.agent.driver.qemu;

import io.kelpie.agent.driver.BootId;
import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.driver.VmDriverContract;
import io.kelpie.agent.driver.guard.GuardRecord;
import io.kelpie.agent.driver.guard.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.junit.jupiter.api.Tag;

@Tag("real")
class QemuDriverContractTest extends VmDriverContract {
    @Override
    protected VmDriver newDriver() throws IOException {
        return RealQemu.driver(instancesRoot());
    }

    @Override
    protected boolean canLease() {
        return true;
    }

    @Override
    protected void killGuard(LaunchSpec spec) throws Exception {
        files(spec).record().orElseThrow().guard().kill();
    }

    @Override
    protected void crash(LaunchSpec spec) throws Exception {
        signal(spec, "-KILL");
    }

    @Override
    protected void freeze(LaunchSpec spec) throws Exception {
        signal(spec, "-STOP");
    }

    @Override
    protected LaunchSpec broken(LaunchSpec spec) throws Exception {
        Files.delete(spec.disks().get(0).file());
        return spec;
    }

    @Override
    protected boolean hasProcess(LaunchSpec spec) throws Exception {
        Optional<GuardRecord> record = files(spec).record();
        return record.isPresent() && record.get().isAlive(BootId.current());
    }

    private static void signal(LaunchSpec spec, String signal) throws Exception {
        ProcessIdentity qemu = files(spec).record().orElseThrow().qemu();
        new ProcessBuilder("kill", signal, Long.toString(qemu.pid())).start().waitFor();
    }

    private static InstanceFiles files(LaunchSpec spec) {
        return new InstanceFiles(spec.instanceFolder(), spec.runFolder());
    }
}
