package io.kelpie.agent.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kelpie.agent.driver.Accelerator;
import io.kelpie.agent.driver.DriverHandle;
import io.kelpie.agent.driver.DriverKind;
import io.kelpie.agent.driver.InstanceId;
import io.kelpie.agent.driver.StopRung;
import io.kelpie.agent.instance.LedgerEntry.Launch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLedgerTest {
    private static final UUID VM = UUID.fromString("11111111-2222-8333-8444-555555555555");
    private static final InstanceId ID = new InstanceId(VM, 3);

    @TempDir
    Path folder;

    private InstanceFolders folders;
    private FileLedger ledger;

    @BeforeEach
    void makeLedger() throws IOException {
        folders = new InstanceFolders(folder.resolve("instances"), folder.resolve("run"));
        ledger = new FileLedger(folders);
        assertThat(ledger.load().entries()).isEmpty();
    }

    private static LedgerEntry intent() {
        return LedgerEntry.intent(ID, "web-0", 2, 17, 1_700_000_000_000L)
                .withWorkload(new Workload("shop", "web", 2, 2048), true);
    }

    private static LedgerEntry full() {
        return intent().withLaunch(
                        new Launch(new DriverHandle(DriverKind.LIBVIRT, 2, "x=1;y"), Optional.of(Accelerator.KVM)))
                .withKeptDisks(true)
                .started()
                .withStop(StopOrder.stop(Duration.ofSeconds(30)), 19)
                .exited(new InstanceEnd(
                        InstanceEnd.Reason.STOPPED,
                        1,
                        15,
                        Optional.of(StopRung.QUIT),
                        "ended \\ by\r\nhand: ü",
                        "line one\nline two\ncrc32 00000000\n",
                        "spec.vm",
                        1_700_000_001_000L));
    }

    private Path entryFile() {
        return folders.instance(ID).resolve("entry");
    }

    @Test
    void anEntryIsReadAsItWasWritten() throws IOException {
        for (LedgerEntry entry : new LedgerEntry[] {intent(), full()}) {
            ledger.write(entry);
            assertThat(new FileLedger(folders).load().entries()).containsExactly(entry);
        }
    }

    @Test
    void theFormatIsText() throws IOException {
        ledger.write(full());
        assertThat(Files.readAllLines(entryFile()))
                .contains("format 1", "vm " + VM, "incarnation 3", "phase EXITED", "sequence 19", "end-rung QUIT")
                .last()
                .asString()
                .matches("crc32 [0-9a-f]{8}");
    }

    @Test
    void anyDamageIsFoundAndKeptAside() throws IOException {
        ledger.write(full());
        byte[] whole = Files.readAllBytes(entryFile());
        int asideExpected = 0;
        for (int i = 0; i < whole.length; i += 7) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 1;
            Files.write(entryFile(), flipped);
            Ledger.Contents contents = ledger.load();
            asideExpected++;
            assertThat(contents.entries()).as("byte %d flipped", i).isEmpty();
            assertThat(contents.damaged()).extracting(Ledger.Damaged::id).containsExactly(ID);
            assertThat(folders.instance(ID).resolve("entry.damaged-" + asideExpected))
                    .hasBinaryContent(flipped);
        }
        for (int length = 0; length < whole.length; length += 11) {
            Files.write(entryFile(), java.util.Arrays.copyOf(whole, length));
            assertThat(ledger.load().entries()).as("cut to %d bytes", length).isEmpty();
        }
    }

    @Test
    void anEntryOfAnotherInstanceIsDamage() throws IOException {
        ledger.write(full());
        Path other = folders.instance(new InstanceId(VM, 4));
        Files.createDirectories(other);
        Files.copy(entryFile(), other.resolve("entry"));
        assertThat(ledger.load().damaged()).extracting(Ledger.Damaged::id).containsExactly(new InstanceId(VM, 4));
    }

    @Test
    void aFolderWithOtherFilesAndNoEntryMayBeRunning() throws IOException {
        ledger.write(full());
        Files.delete(entryFile());
        Files.writeString(folders.instance(ID).resolve("guard"), "pid");
        assertThat(ledger.load().damaged()).extracting(Ledger.Damaged::id).containsExactly(ID);
    }

    @Test
    void aStartThatWasNeverWhollyRecordedLeavesNothing() throws IOException {
        Files.createDirectories(folders.instance(ID));
        Files.writeString(folders.instance(ID).resolve("entry.tmp"), "format");
        Ledger.Contents contents = ledger.load();
        assertThat(contents.entries()).isEmpty();
        assertThat(contents.damaged()).isEmpty();
        assertThat(folders.instance(ID)).doesNotExist();
    }

    @Test
    void aRefusedNumberOnlyGrows() throws IOException {
        ledger.refuseUpTo(VM, 5);
        ledger.refuseUpTo(VM, 4);
        assertThat(ledger.load().highest()).isEqualTo(Map.of(VM, 5L));
    }

    @Test
    void aDamagedNumberRefusesEverything() throws IOException {
        ledger.refuseUpTo(VM, 5);
        Files.writeString(folders.vm(VM).resolve("highest"), "5");
        assertThat(ledger.load().highest()).isEqualTo(Map.of(VM, Long.MAX_VALUE));
    }

    @Test
    void removalLeavesTheNumberAndTheOtherInstances() throws IOException {
        ledger.write(full());
        Files.createDirectories(folders.instance(ID).resolve("sub"));
        Files.writeString(folders.instance(ID).resolve("sub/file"), "");
        Files.createDirectories(folders.run(ID));
        ledger.refuseUpTo(VM, 3);
        Files.writeString(folders.serialLog(VM), "log");
        ledger.removeInstance(ID);
        assertThat(folders.instance(ID)).doesNotExist();
        assertThat(folders.run(ID)).doesNotExist();
        assertThat(folders.serialLog(VM)).exists();
        ledger.removeInstance(ID);
        ledger.removeLog(VM);
        assertThat(folders.serialLog(VM)).doesNotExist();
        assertThat(ledger.load().highest()).isEqualTo(Map.of(VM, 3L));
    }

    @Test
    void removalFollowsNoLink() throws IOException {
        ledger.write(full());
        Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
        Files.writeString(elsewhere.resolve("precious"), "");
        Files.createSymbolicLink(folders.instance(ID).resolve("link"), elsewhere);
        ledger.removeInstance(ID);
        assertThat(elsewhere.resolve("precious")).exists();
    }

    @Test
    void oldNumbersOfVmsWithoutInstancesArePruned() throws IOException {
        UUID old = UUID.randomUUID();
        UUID oldButInUse = UUID.randomUUID();
        UUID young = UUID.randomUUID();
        long now = 1_700_000_000_000L;
        for (UUID vm : new UUID[] {old, oldButInUse, young}) {
            ledger.refuseUpTo(vm, 1);
            long age = vm.equals(young) ? 0 : Duration.ofDays(2).toMillis();
            Files.setLastModifiedTime(folders.vm(vm).resolve("highest"), FileTime.fromMillis(now - age));
        }
        ledger.write(LedgerEntry.intent(new InstanceId(oldButInUse, 2), "x", 1, 1, 1));

        assertThat(ledger.prune(now, new Ledger.Retention(Duration.ZERO, Duration.ofDays(1), 10)))
                .isEqualTo(Map.of(old, 1L));
        assertThat(ledger.load().highest()).containsOnlyKeys(oldButInUse, young);
        Files.setLastModifiedTime(folders.vm(young).resolve("highest"), FileTime.fromMillis(now - 5_000));
        assertThat(ledger.prune(now, new Ledger.Retention(Duration.ofSeconds(6), Duration.ofSeconds(1), 0)))
                .as("younger than the present lineage")
                .isEmpty();
        assertThat(ledger.prune(now, new Ledger.Retention(Duration.ZERO, Duration.ofDays(1), 0)))
                .isEqualTo(Map.of(young, 1L));
    }

    @Test
    void anEntryHasAnEndExactlyIfItHasEnded() {
        assertThatThrownBy(() -> new LedgerEntry(
                        ID,
                        "web-0",
                        Workload.UNKNOWN,
                        false,
                        1,
                        1,
                        1,
                        LedgerEntry.Phase.EXITED,
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
