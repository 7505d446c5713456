package io.kelpie.agent.driver.fake;

import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.VmDriver;
import io.kelpie.agent.driver.VmDriverContract;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

class FakeDriverContractTest extends VmDriverContract {
    /** The contract's guest is deaf. */
    private static final String DEAF = "default: {ignoresAcpi: true}\n";

    @Override
    protected VmDriver newDriver() throws IOException {
        if (!Files.exists(behaviors())) {
            Files.writeString(behaviors(), DEAF);
        }
        return new FakeDriver(behaviors(), instancesRoot(), TimeSource.system());
    }

    @Override
    protected void crash(LaunchSpec spec) throws IOException {
        say(spec, "crashAfter: 0s");
    }

    @Override
    protected void freeze(LaunchSpec spec) throws IOException {
        say(spec, "frozen: true");
    }

    @Override
    protected LaunchSpec broken(LaunchSpec spec) throws IOException {
        say(spec, "startFailure: out of luck");
        return spec;
    }

    @Override
    protected Optional<LaunchSpec> followingAcpi(LaunchSpec spec) throws IOException {
        say(spec, "ignoresAcpi: false, stopDelay: 20ms");
        return Optional.of(spec);
    }

    @Override
    protected LaunchSpec shuttingItselfDown(LaunchSpec spec) throws IOException {
        say(spec, "shutdownAfter: 50ms");
        return spec;
    }

    @Override
    protected Optional<LaunchSpec> rebootingItself(LaunchSpec spec) {
        return Optional.empty();
    }

    @Override
    protected boolean hasProcess(LaunchSpec spec) {
        return false;
    }

    @Override
    protected boolean hasPids() {
        return false;
    }

    private void say(LaunchSpec spec, String behavior) throws IOException {
        Files.writeString(behaviors(), DEAF + "vms: {" + spec.vmName() + ": {" + behavior + "}}\n");
    }

    private Path behaviors() {
        return folder().resolve("fake.yaml");
    }
}
