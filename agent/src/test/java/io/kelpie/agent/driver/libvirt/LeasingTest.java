package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.LaunchSpec;
import io.kelpie.agent.driver.LeaseBond;
import io.kelpie.agent.driver.libvirt.LibvirtSettings.QemuUser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeasingTest {
    private static final Optional<Path> EXECUTABLE = Optional.of(Path.of("/bin/sh"));
    private static final Optional<Path> QEMU = Optional.of(Path.of("/usr/bin/qemu-system-x86_64"));

    @Test
    void aGuardThatCanBeExecutedIsNeeded() {
        assertThat(Leasing.obstacle(settings(EXECUTABLE, QEMU, QemuUser.AGENT))).isEmpty();
        assertThat(Leasing.obstacle(settings(EXECUTABLE, Optional.empty(), QemuUser.AGENT)))
                .isEmpty();

        assertThat(Leasing.obstacle(settings(Optional.empty(), QEMU, QemuUser.AGENT)))
                .isPresent();
        assertThat(Leasing.obstacle(settings(Optional.of(Path.of("/none/guard")), QEMU, QemuUser.AGENT))
                        .orElseThrow())
                .contains("/none/guard");
    }

    @Test
    void theGuardMustBeAbleToWriteWhatTheAgentReads() {
        assertThat(Leasing.obstacle(settings(EXECUTABLE, QEMU, QemuUser.LIBVIRT_DEFAULT)))
                .isPresent();
    }

    @Test
    void theGuardedQemuIsTheOneThatLibvirtAsks() {
        assertThat(Leasing.obstacle(settings(EXECUTABLE, Optional.of(Path.of("/opt/qemu")), QemuUser.AGENT))
                        .orElseThrow())
                .contains("qemuBinary");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "<secmodel><model>dac</model><doi>0</doi></secmodel>"})
    void libvirtsOwnChecksOfOwnersAreNoObstacle(String models) {
        assertThat(Leasing.obstacle("<capabilities><host>" + models + "</host></capabilities>"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"apparmor", "selinux", "one that is to come"})
    void aMandatoryPolicyIsAnObstacle(String model) {
        String capabilities = "<capabilities><host><secmodel><model>dac</model></secmodel><secmodel><model>" + model
                + "</model><doi>0</doi></secmodel></host></capabilities>";

        assertThat(Leasing.obstacle(capabilities).orElseThrow()).contains(model);
    }

    @Test
    void capabilitiesThatAreNoXmlAreAnObstacle() {
        assertThat(Leasing.obstacle("<capabilities>")).isPresent();
    }

    @Test
    void theDomainNamesTheGuardsFiles() {
        LaunchSpec spec = DomainXmlTest.SPEC.leased(new LeaseBond(Path.of("/run/k & l/deadline"), 12));

        String leased = DomainXml.of("n", spec, EXECUTABLE, Optional.empty());

        assertThat(leased)
                .contains("<emulator>/bin/sh</emulator>")
                .contains("name=\"KELPIE_INSTANCE\" value=\"" + spec.id() + "\"")
                .contains("name=\"KELPIE_DEADLINE\" value=\"/run/k &amp; l/deadline\"")
                .contains("name=\"KELPIE_LINEAGE\" value=\"12\"")
                .contains("value=\"" + spec.instanceFolder().resolve("guard.record") + "\"");
        assertThat(DomainXml.of("n", DomainXmlTest.SPEC, EXECUTABLE, Optional.empty()))
                .doesNotContain("KELPIE");
    }

    private static LibvirtSettings settings(Optional<Path> guard, Optional<Path> emulator, QemuUser user) {
        return new LibvirtSettings(
                "qemu:///system",
                emulator,
                guard,
                user,
                Path.of("/run"),
                Path.of("/log"),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1));
    }
}
