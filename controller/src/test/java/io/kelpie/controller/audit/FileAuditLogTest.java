package io.kelpie.controller.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.common.time.TimeSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileAuditLogTest {
    private static final TimeSource TIME = new TimeSource() {
        @Override
        public long nanoTime() {
            return 0;
        }

        @Override
        public long wallMillis() {
            return 1_767_225_600_123L;
        }
    };

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("audit.log");
    }

    private static AuditEntry entry(String id) {
        return new AuditEntry(id, "CordonHost", "host/h1", "cordoned=true", "127.0.0.1:5");
    }

    @Test
    void anEntryIsALineOfJsonThatIsThereWhenAppendReturns() throws IOException {
        try (FileAuditLog audit = new FileAuditLog(file(), TIME)) {
            audit.append(entry("id-1"));
            audit.append(new AuditEntry("id-2", "ApplyJob", "job/a/\"\\\n\u001b\u202eä", "", "unknown"));

            assertThat(Files.readString(file())).isEqualTo("""
                    {"at":"2026-01-01T00:00:00.123Z","id":"id-1","method":"CordonHost","subject":"host/h1","detail":"cordoned=true","peer":"127.0.0.1:5"}
                    {"at":"2026-01-01T00:00:00.123Z","id":"id-2","method":"ApplyJob","subject":"job/a/\\"\\\\\\u000a\\u001b\\u202e\\u00e4","peer":"unknown"}
                    """);
            assertThat(Files.getPosixFilePermissions(file()).toString()).doesNotContain("GROUP", "OTHERS");
        }
    }

    @Test
    void whatBecameOfItFollows() throws IOException {
        try (FileAuditLog audit = new FileAuditLog(file(), TIME)) {
            audit.append(entry("id-1"));
            audit.outcome("id-1", "refused: HOST_ALIVE");
            Awaitility.await()
                    .untilAsserted(
                            () -> assertThat(Files.readAllLines(file()))
                                    .hasSize(2)
                                    .contains(
                                            "{\"at\":\"2026-01-01T00:00:00.123Z\",\"id\":\"id-1\",\"outcome\":\"refused: HOST_ALIVE\"}"));
        }
    }

    @Test
    void aLogThatIsOpenedAgainGoesOnAndALineThatWasCutIsEnded() throws IOException {
        try (FileAuditLog audit = new FileAuditLog(file(), TIME)) {
            audit.append(entry("id-1"));
        }
        String whole = Files.readString(file());
        Files.writeString(file(), whole + whole.substring(0, 20));

        try (FileAuditLog audit = new FileAuditLog(file(), TIME)) {
            audit.append(entry("id-2"));
        }

        assertThat(Files.readAllLines(file())).hasSize(3).satisfies(lines -> {
            assertThat(lines.get(0)).contains("id-1");
            assertThat(lines.get(1)).isEqualTo(whole.substring(0, 20));
            assertThat(lines.get(2)).contains("id-2").endsWith("}");
        });
    }

    @Test
    void aFullFileGivesWayAndTheOldestGoes() throws IOException {
        int lines = 200;
        try (FileAuditLog audit = new FileAuditLog(file(), 1_000, TIME)) {
            for (int i = 0; i < lines; i++) {
                audit.append(entry("id-" + i));
            }
        }

        List<String> kept = new ArrayList<>();
        for (int i = FileAuditLog.FORMER_FILES; i >= 1; i--) {
            Path former = folder.resolve("audit.log." + i);
            assertThat(Files.size(former)).isLessThanOrEqualTo(1_000);
            kept.addAll(Files.readAllLines(former));
        }
        kept.addAll(Files.readAllLines(file()));
        try (var all = Files.list(folder)) {
            assertThat(all).hasSize(FileAuditLog.FORMER_FILES + 1);
        }
        for (int i = 0; i < kept.size(); i++) {
            assertThat(kept.get(i)).contains("\"id\":\"id-" + (lines - kept.size() + i) + "\"");
        }
        assertThat(kept.size()).isBetween(50, 80);
    }

    @Test
    void manyAtOnceAllAreThereAlsoWhenFilesGiveWay() throws IOException {
        int threads = 8;
        int each = 50;
        try (FileAuditLog audit = new FileAuditLog(file(), 15_000, TIME)) {
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                all.add(CompletableFuture.runAsync(() -> {
                    for (int i = 0; i < each; i++) {
                        try {
                            audit.append(entry("id-" + thread + "-" + i));
                        } catch (IOException e) {
                            throw new AssertionError(e);
                        }
                    }
                }));
            }
            all.forEach(CompletableFuture::join);
        }
        Set<String> found = new HashSet<>();
        try (var files = Files.list(folder)) {
            for (Path one : files.toList()) {
                found.addAll(Files.readAllLines(one));
            }
        }
        assertThat(found).hasSize(threads * each).allMatch(line -> line.startsWith("{\"at\"") && line.endsWith("}"));
    }

    @Test
    void aFullDiskRefusesTheEntry() throws IOException {
        try (FileAuditLog audit = new FileAuditLog(Path.of("/dev/full"), TIME)) {
            assertThatThrownBy(() -> audit.append(entry("id-1")))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
            assertThatThrownBy(() -> audit.append(entry("id-2")))
                    .as("and the next one too")
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void aFolderThatIsNotThereIsToldAtTheStart() {
        assertThatThrownBy(() -> new FileAuditLog(folder.resolve("absent/audit.log"), TIME))
                .isInstanceOf(IOException.class);
    }

    @Test
    void afterAFailureTheNextEntryIsTakenAgain() throws IOException {
        try (FileAuditLog audit = new FileAuditLog(file(), 200, TIME)) {
            audit.append(entry("id-1"));
            Files.createDirectory(folder.resolve("audit.log.8"));
            Files.createDirectories(folder.resolve("audit.log.9/in-the-way"));
            assertThatThrownBy(() -> audit.append(entry("id-2"))).isInstanceOf(IOException.class);

            Files.delete(folder.resolve("audit.log.9/in-the-way"));
            audit.append(entry("id-3"));

            assertThat(Files.readString(file())).contains("id-3").doesNotContain("id-2");
            assertThat(Files.readString(folder.resolve("audit.log.1"))).contains("id-1");
        }
    }
}
