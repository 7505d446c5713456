package io.kelpie.agent.driver.libvirt;

import static org.assertj.core.api.Assertions.assertThat;

import io.kelpie.agent.driver.libvirt.DomainLog.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DomainLogTest {
    private static final String START = """
            2026-11-22 19:03:30.885+0000: starting up libvirt version: 9.0.0, package: 9.0.0-4, qemu version: 7.2.22
            LC_ALL=C \\
            PATH=/usr/bin \\
            /usr/bin/qemu-system-x86_64 \\
            -name guest=kelpie-web-0-1a2b3c4d,debug-threads=on \\
            -msg timestamp=on
            """;

    @Test
    void tellsTheReasonOfTheEnd() {
        assertThat(log("2026-11-22 19:04:12.847+0000: shutting down, reason=crashed")
                        .reason())
                .contains(Reason.CRASHED);
        assertThat(log("2026-11-22 19:04:12.847+0000: shutting down, reason=shutdown")
                        .reason())
                .contains(Reason.SHUTDOWN);
        assertThat(log("2026-11-22 19:04:12.847+0000: shutting down, reason=from snapshot")
                        .reason())
                .contains(Reason.TAKEN);
    }

    @Test
    void aReasonInTheMiddleOfWhatQemuSaysIsNone() {
        assertThat(log("qemu: the guest says 2026-11-22 19:04: shutting down, reason=shutdown now")
                        .reason())
                .isEmpty();
        assertThat(log("2026-11-22 19:04:12.847+0000: shutting down, reason=invented")
                        .reason())
                .isEmpty();
        assertThat(DomainLog.parse(START).reason()).isEmpty();
    }

    @Test
    void theTailIsWhatQemuSaidAndNotItsCommandLine() {
        assertThat(log("qemu: one\nqemu: two\n2026-11-22 19:04:12.847+0000: shutting down, reason=failed")
                        .tail())
                .isEqualTo("qemu: one\nqemu: two");
    }

    @Test
    void theTailIsBounded() {
        assertThat(log("x".repeat(5000)).tail()).hasSize(DomainLog.MAX_TAIL);
    }

    @Test
    void onlyTheLastStartCounts() {
        DomainLog log =
                DomainLog.parse(START + "qemu: before\n2026-11-22 19:04:12.847+0000: shutting down, reason=crashed\n"
                        + START + "qemu: now\n");

        assertThat(log.reason()).isEmpty();
        assertThat(log.tail()).isEqualTo("qemu: now");
    }

    @Test
    void tellsASignalOfOthersButNotTheDaemonsOwn() {
        String said = "2026-11-22T19:04:38.218726Z qemu-system-x86_64: terminating on signal 15 from pid 15521 ";

        assertThat(log(said + "(bash)").signal()).hasValue(15);
        assertThat(log(said + "(<unknown process>)").signal()).hasValue(15);
        assertThat(log("qemu-system-x86_64: terminating on signal 2").signal()).hasValue(2);
        assertThat(log(said + "(libvirtd)").signal()).isEmpty();
        assertThat(log(said + "(/usr/sbin/libvirtd)").signal()).isEmpty();
        assertThat(log(said + "(/usr/sbin/virtqemud --timeout 120)").signal()).isEmpty();
    }

    @Test
    void readsFromWhereTheInstanceBegan(@TempDir Path folder) throws Exception {
        String before = "2026-11-22 19:04:12.847+0000: shutting down, reason=crashed\n";
        Path file = Files.writeString(folder.resolve("log"), before);

        assertThat(DomainLog.read(file, 0).reason()).contains(Reason.CRASHED);
        assertThat(DomainLog.read(file, before.length()).reason()).isEmpty();
        assertThat(DomainLog.read(file, 1_000_000).reason()).as("rotated").contains(Reason.CRASHED);
        assertThat(DomainLog.read(folder.resolve("none"), 0)).isEqualTo(DomainLog.NOTHING);
    }

    @Test
    void aMarkIsReadAsItWasWritten(@TempDir Path folder) throws Exception {
        LogMark mark = new LogMark("boot", 42);

        assertThat(LogMark.read(folder)).isEmpty();
        mark.write(folder);
        assertThat(LogMark.read(folder)).contains(mark);
    }

    private static DomainLog log(String said) {
        return DomainLog.parse(START + said + "\n");
    }
}
