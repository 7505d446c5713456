package io.kelpie.it.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.kelpie.it.cluster.Processes.Identity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The helper that cleans up after the other tests must itself be right. */
@Tag("real")
class ProcessesTest {
    @Test
    void processesAreFoundByFolderAndRecordAndEndedByIdentity(@TempDir Path folder) throws Exception {
        Process tail = new ProcessBuilder("tail", "-F", folder + "/nothing yet")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            await().until(() -> Processes.naming(folder).equals(List.of(tail.pid())));
            long startTime = Processes.startTimeOf(tail.pid()).orElseThrow();
            Files.createDirectories(folder.resolve("a/b"));
            Files.writeString(
                    folder.resolve("a/b/record"), """
                    kelpie-guard 1
                    instance 11111111-2222-3333-4444-555555555555/7
                    boot x
                    guard %d %d
                    qemu %d %d
                    crc32 00000000
                    """.formatted(tail.pid(), startTime + 1, tail.pid(), startTime));
            Files.writeString(folder.resolve("a/no-record"), "qemu 1 1\n");

            List<Identity> recorded = Processes.recordedBelow(folder);
            assertThat(recorded).extracting(Identity::role).containsExactly("guard", "qemu");
            Identity earlier = recorded.get(0);
            Identity present = Processes.qemuOf(folder, "11111111-2222-3333-4444-555555555555", 7);
            assertThat(present).isEqualTo(recorded.get(1));

            earlier.kill();
            assertThat(earlier.runs()).as("a later process of the same pid").isFalse();
            assertThat(present.runs()).isTrue();

            present.kill();
            tail.waitFor();
            assertThat(present.runs()).isFalse();
            assertThat(Processes.naming(folder)).isEmpty();
        } finally {
            tail.destroyForcibly();
        }
    }
}
