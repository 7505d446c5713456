package io.kelpie.controller.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.TestTime;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.controller.store.memory.MemoryStore;
import io.kelpie.controller.store.memory.MemorySurgery;
import io.kelpie.controller.trust.ClusterPin;
import io.kelpie.controller.trust.MemoryClusterPins;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.HostRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoreTest {
    private static final UUID OTHER = UUID.fromString("00000000-0000-4000-8000-00000000000f");
    private static final ReadOnly OLDER = new ReadOnly(ReadOnly.Kind.OLDER, "older", "decide");

    private static final ControllerIdentity SELF = ControllerIdentity.alone("controller", "127.0.0.1:1");

    @TempDir
    private Path folder;

    private final MemoryCluster cluster = new MemoryCluster(OTHER);
    private final MemoryStore store = new MemoryStore(cluster);
    private final MemorySurgery surgery = new MemorySurgery(cluster);
    private final MemoryClusterPins pins = new MemoryClusterPins();
    private final ShownEpochs shown = new ShownEpochs();
    private Optional<ReadOnly> readOnly = Optional.empty();
    private Optional<ControllerSet> known = Optional.empty();
    private Restore restore;

    @BeforeEach
    void make() {
        restore = new Restore(surgery, store, pins, shown, () -> readOnly, () -> known, SELF, new TestTime());
    }

    private Restore.Restored run(TestBackup backup) throws Exception {
        Path file = folder.resolve("backup");
        Files.write(file, backup.bytes());
        return restore.run(file);
    }

    private KelpieException refused(TestBackup backup) {
        KelpieException refused = catchThrowableOfType(KelpieException.class, () -> run(backup));
        assertThat(refused).as("a refusal").isNotNull();
        return refused;
    }

    private StoredRecord stored(RecordKey key) {
        return store.read(key).join().orElseThrow();
    }

    private void fill(RecordKey key, com.google.protobuf.Message value) {
        var term = TestTerms.begin(cluster);
        assertThat(store.commit(term, new WriteBatch(List.of(new Write.Put(key, value.toByteString(), Write.ABSENT))))
                        .join())
                .isEqualTo(io.kelpie.controller.store.CommitOutcome.COMMITTED);
    }

    @Test
    void anEmptyStoreGetsEverythingAboveAllThatWasSeen() throws Exception {
        cluster.wipe();
        pins.raise(TestBackup.CLUSTER, 40);
        shown.note(TestBackup.CLUSTER, 90);
        known = Optional.of(new ControllerSet(9, List.of(new Controller("c1", "c1:7400", true)), List.of()));

        Restore.Restored restored = run(TestBackup.small());

        assertThat(restored.records()).isEqualTo(6);
        assertThat(restored.cluster()).isEqualTo(TestBackup.CLUSTER);
        assertThat(restored.epoch()).isGreaterThan(90);
        assertThat(cluster.head().epoch()).isEqualTo(restored.epoch());
        assertThat(cluster.head().restore()).isEmpty();
        assertThat(cluster.head().clusterUuid()).contains(TestBackup.CLUSTER);
        assertThat(cluster.head().cluster().orElseThrow().getRecoveryEpoch()).isEqualTo(restored.epoch());
        assertThat(pins.get()).contains(new ClusterPin(TestBackup.CLUSTER, restored.epoch()));
        assertThat(store.readVms().join()).hasSize(2);
        assertThat(ControllerSetRecords.parse(
                                stored(new RecordKey.ControllerSetKey()).value().toByteArray())
                        .version())
                .as("above every version that was seen")
                .isGreaterThan(9);
        HostRecord host =
                HostRecord.parseFrom(stored(new RecordKey.HostKey("h1")).value());
        assertThat(host.hasFencing()).as("a word of its death from before").isFalse();
    }

    @Test
    void aNewClustersStoreWithoutRecordsIsReplacedAndItsControllersFollow() throws Exception {
        TestTerms.begin(cluster);
        pins.raise(OTHER, 1);
        run(TestBackup.small());
        assertThat(cluster.head().cluster().orElseThrow().getReplacesList()).containsExactly(OTHER.toString());
        assertThat(pins.get().orElseThrow().cluster()).isEqualTo(TestBackup.CLUSTER);
    }

    @Test
    void theSameClustersOlderStoreIsReplacedWhollyAndItsLeaderEnds() throws Exception {
        cluster.wipe();
        pins.raise(TestBackup.CLUSTER, 2);
        run(TestBackup.small());
        var deposed = TestTerms.begin(cluster);
        var stray = new RecordKey.HostKey("stray");
        assertThat(store.commit(
                                deposed,
                                new WriteBatch(List.of(new Write.Put(
                                        stray,
                                        HostRecord.newBuilder()
                                                .setFormat(1)
                                                .setHostId("stray")
                                                .build()
                                                .toByteString(),
                                        Write.ABSENT))))
                        .join())
                .isEqualTo(io.kelpie.controller.store.CommitOutcome.COMMITTED);
        assertThat(refused(TestBackup.small())).hasMessageContaining("would undo");

        assertThat(cluster.controllers().set().orElseThrow().members())
                .as("the backup's would let nobody lead here")
                .isEqualTo(SELF.founding());

        readOnly = Optional.of(OLDER);
        long before = cluster.head().epoch();
        assertThat(run(TestBackup.small()).epoch()).isGreaterThan(before);
        assertThat(store.read(stray).join()).isEmpty();
        assertThat(store.commit(deposed, new WriteBatch(List.of(new Write.Delete(new RecordKey.HostKey("h1"), 0))))
                        .join())
                .isEqualTo(io.kelpie.controller.store.CommitOutcome.TERM_ENDED);
    }

    @Test
    void anotherClustersRecordsAreNeverReplaced() throws Exception {
        fill(
                new RecordKey.HostKey("h9"),
                HostRecord.newBuilder()
                        .setFormat(1)
                        .setHostId("h9")
                        .setName("h9")
                        .build());
        for (Optional<ReadOnly> state : List.of(Optional.<ReadOnly>empty(), Optional.of(OLDER))) {
            readOnly = state;
            KelpieException refused = refused(TestBackup.small());
            assertThat(refused.reason()).isEqualTo(ErrorReason.ERROR_REASON_WRONG_STATE);
            assertThat(refused).hasMessageContaining(OTHER.toString()).hasMessageContaining("nothing was written");
        }
        assertThat(store.readVms().join()).isEmpty();
        assertThat(cluster.head().restore()).isEmpty();
    }

    @Test
    void aControllerOfAnotherClusterDoesNotRestoreIntoAnEmptyStore() throws Exception {
        cluster.wipe();
        pins.raise(OTHER, 3);
        assertThat(refused(TestBackup.small())).hasMessageContaining("belongs to cluster " + OTHER);
        assertThat(cluster.head().restore()).isEmpty();
    }

    @Test
    void aDamagedFileWritesNothing() throws Exception {
        cluster.wipe();
        Path file = folder.resolve("backup");
        byte[] bytes = TestBackup.small().bytes();
        bytes[bytes.length - 100] ^= 1;
        Files.write(file, bytes);
        KelpieException refused = catchThrowableOfType(KelpieException.class, () -> restore.run(file));
        assertThat(refused.reason()).isEqualTo(ErrorReason.ERROR_REASON_INVALID_FIELD);
        assertThat(refused.metadata()).containsKey("offset");
        assertThat(cluster.head().restore()).isEmpty();
        assertThat(cluster.head().cluster()).isEmpty();
        assertThat(store.readVms().join()).isEmpty();
    }

    @Test
    void anInterruptedRestoreIsLedByNobodyAndRepeated() throws Exception {
        cluster.wipe();
        pins.raise(TestBackup.CLUSTER, 5);
        TestBackup large = TestBackup.small();
        for (int i = 2; i < 1_500; i++) {
            large.add(TestBackup.vm(i));
        }
        surgery.breakOffAfter(1);
        assertThat(refused(large).reason()).isEqualTo(ErrorReason.ERROR_REASON_STORE_UNAVAILABLE);
        assertThat(cluster.head().restore()).isPresent();
        assertThat(cluster.head().cluster()).isEmpty();
        assertThat(store.readVms().join()).isNotEmpty().hasSizeLessThan(1_500);
        assertThat(pins.get()).contains(new ClusterPin(TestBackup.CLUSTER, 5));

        surgery.breakOffAfter(Integer.MAX_VALUE);
        readOnly = Optional.of(OLDER);
        assertThat(run(large).records()).isEqualTo(large.records.size());
        assertThat(store.readVms().join()).hasSize(1_500);
        assertThat(cluster.head().restore()).isEmpty();
    }

    @Test
    void aRestoreThatWasTakenOverCannotWriteAnyMore() throws Exception {
        cluster.wipe();
        MemorySurgery other = new MemorySurgery(cluster);
        Path file = folder.resolve("backup");
        Files.write(file, TestBackup.small().bytes());
        surgery.breakOffAfter(0);
        refused(TestBackup.small());
        new Restore(other, store, pins, shown, () -> readOnly, () -> known, SELF, new TestTime()).run(file);
        surgery.breakOffAfter(Integer.MAX_VALUE);
        assertThat(catchThrowableOfType(
                        io.kelpie.controller.store.StoreUnavailableException.class,
                        () -> surgery.apply(new WriteBatch(List.of(new Write.Delete(new RecordKey.HostKey("h1"), 0))))))
                .isNotNull();
    }
}
