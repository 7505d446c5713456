package io.kelpie.it.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The observer that says "never two" must be one that sees two. */
@Tag("real")
class QemuCensusTest {
    @Test
    void twoProcessesOfOneVmAreSeen(@TempDir Path folder, @TempDir Path elsewhere) throws Exception {
        try (QemuCensus census = QemuCensus.of(folder)) {
            Process other = likeQemu("vm-1", elsewhere);
            Process first = likeQemu("vm-1", folder);
            Process second = likeQemu("vm-2", folder);
            Process third = null;
            try {
                await().until(() ->
                        census.ever("vm-1").size() == 1 && census.ever("vm-2").size() == 1);
                assertThat(census.doubles()).isEmpty();
                assertThat(census.now("vm-1"))
                        .singleElement()
                        .satisfies(qemu -> assertThat(qemu.pid()).isEqualTo(first.pid()));

                third = likeQemu("vm-1", folder);
                await().until(() -> !census.doubles().isEmpty());
                assertThat(census.ever("vm-1")).hasSize(2);

                third.destroyForcibly().waitFor();
                census.now("vm-1").forEach(QemuCensus.Qemu::kill);
                first.waitFor();
                assertThat(census.now("vm-1")).isEmpty();
                assertThat(census.ever("vm-1")).hasSize(2);
                assertThat(other.isAlive()).isTrue();
            } finally {
                for (Process process : new Process[] {other, first, second, third}) {
                    if (process != null) {
                        process.destroyForcibly();
                    }
                }
            }
        }
    }

    /** A process that waits, and whose command line looks like QEMU's. */
    private static Process likeQemu(String vmId, Path folder) throws IOException {
        return new ProcessBuilder(
                        "bash",
                        "-c",
                        "exec -a /usr/bin/qemu-system-x tail -F -- -uuid \"$0\" \"$1\"",
                        vmId,
                        folder + "/disk")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
