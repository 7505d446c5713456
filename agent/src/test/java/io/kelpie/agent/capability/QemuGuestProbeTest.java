package io.kelpie.agent.capability;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("real")
class QemuGuestProbeTest {
    private static final Path QEMU = Path.of("qemu-system-x86_64");

    @TempDir
    Path scratch;

    @AfterEach
    void leavesNoFile() throws IOException {
        try (var files = Files.list(scratch)) {
            assertThat(files.filter(Files::isDirectory)).isEmpty();
        }
    }

    @Test
    void tcgReaches64BitModeWithPaging() throws Exception {
        ProbeResult result = probe(QEMU, Duration.ofSeconds(20)).boot(Accelerator.TCG);
        assertThat(result.outcome()).as(result.detail()).isEqualTo(ProbeResult.Outcome.VERIFIED);
        assertThat(result.millis()).isPositive();
        assertThat(result.detail()).contains("under TCG in " + result.millis() + " ms");
    }

    @Test
    void theWholeHostIsMeasuredWhateverItsKvmCanDo() throws Exception {
        HostFacts facts =
                HostProbe.ofThisMachine(QEMU, scratch, TimeSource.system()).measure();
        assertThat(facts.qemuVersion()).matches("[0-9]+\\.[0-9.]+");
        assertThat(facts.cpus()).isPositive();
        assertThat(facts.memoryMib()).isPositive();
        assertThat(facts.kernel()).isNotEmpty();
        assertThat(facts.tcgProbe().outcome()).isEqualTo(ProbeResult.Outcome.VERIFIED);
        assertThat(facts.kvmDevice() == KvmDeviceState.USABLE)
                .isEqualTo(facts.kvmProbe().outcome() != ProbeResult.Outcome.NOT_TRIED);
        assertThat(facts.kvmReason().isEmpty()).isEqualTo(facts.kvmDevice() == KvmDeviceState.USABLE);
        assertThat(facts.kvmProbe().detail()).isNotEmpty();
    }

    @Test
    void aGuestThatHangsIsKilledAtTheDeadline() throws Exception {
        ProbeResult result =
                probe(script("printf F; exec sleep 60"), Duration.ofMillis(300)).boot(Accelerator.TCG);
        assertThat(result.outcome()).isEqualTo(ProbeResult.Outcome.FIRMWARE_ONLY);
        assertThat(result.detail()).contains("was not reached").contains("killed after");
    }

    @Test
    void aQemuThatFailsIsQuoted() throws Exception {
        ProbeResult result = probe(script("echo 'failed to initialize kvm' >&2; exit 1"), Duration.ofSeconds(10))
                .boot(Accelerator.KVM);
        assertThat(result.outcome()).isEqualTo(ProbeResult.Outcome.FAILED);
        assertThat(result.detail()).contains("exit code 1: failed to initialize kvm");
    }

    @Test
    void aMissingQemuIsToldNotThrown() throws Exception {
        ProbeResult result =
                probe(Path.of("/no/such/qemu"), Duration.ofSeconds(10)).boot(Accelerator.TCG);
        assertThat(result.outcome()).isEqualTo(ProbeResult.Outcome.FAILED);
        assertThat(result.detail()).contains("QEMU could not be run");
    }

    @Test
    void theBootSectorIsOne() {
        byte[] sector = ProbeGuest.bootSector();
        assertThat(sector).hasSize(512).endsWith(0x55, 0xAA).startsWith(0xFA);
    }

    private GuestProbe probe(Path qemu, Duration deadline) {
        return new QemuGuestProbe(qemu, scratch, TimeSource.system(), deadline);
    }

    private Path script(String body) throws IOException {
        Path script = Files.writeString(scratch.resolve("qemu"), "#!/bin/sh\n" + body + "\n");
        return Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    }
}
