package io.kelpie.controller.backup;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoreSurgery;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.trust.ClusterPin;
import io.kelpie.controller.trust.ClusterPins;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.controller.trust.StoreHead;
import io.kelpie.controller.trust.UnseenNumbers;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.RestoreRecord;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a backup into a store: into an empty one, or over the records of the same cluster's store that this controller
 * does not trust. The whole file is checked before anything is written. What is interrupted leaves a marked store, which
 * nobody leads, and is repeated.
 *
 * <p>The records may be older than what hosts run, and are marked so; the epoch and the version of the controller set get
 * above everything that was seen. Blocks on the store; one at a time.
 */
public final class Restore {
    private static final int WRITES_PER_BATCH = 500;
    private static final long READ_SECONDS = 60;
    private static final Logger log = LoggerFactory.getLogger(Restore.class);

    private final StoreSurgery surgery;
    private final ClusterStore store;
    private final ClusterPins pins;
    private final ShownEpochs shown;
    private final Supplier<Optional<ReadOnly>> readOnly;
    private final Supplier<Optional<ControllerSet>> knownControllers;
    private final ControllerIdentity self;
    private final TimeSource time;

    /**
     * @param readOnly why this controller does not trust its store, if it does not
     * @param knownControllers the set of controllers as this process has read it
     */
    public Restore(
            StoreSurgery surgery,
            ClusterStore store,
            ClusterPins pins,
            ShownEpochs shown,
            Supplier<Optional<ReadOnly>> readOnly,
            Supplier<Optional<ControllerSet>> knownControllers,
            ControllerIdentity self,
            TimeSource time) {
        this.surgery = surgery;
        this.store = store;
        this.pins = pins;
        this.shown = shown;
        this.readOnly = readOnly;
        this.knownControllers = knownControllers;
        this.self = self;
        this.time = time;
    }

    /** What was restored; the next term begins above the epoch. */
    public record Restored(long records, UUID cluster, long epoch) {}

    /**
     * Restores a file.
     *
     * @throws KelpieException if it is refused, and nothing was written; or if the store did not do it, which may leave a
     *     half restored store
     * @throws IOException if the file or the pin cannot be read or written
     */
    public synchronized Restored run(Path file) throws IOException {
        BackupCheck.Sound backup;
        try {
            backup = BackupCheck.check(file);
        } catch (DamagedBackupException damaged) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_INVALID_FIELD,
                    "the backup is damaged at " + damaged.getMessage() + "; nothing was written",
                    "take another backup",
                    Map.of("field", "data", "offset", String.valueOf(damaged.offset())));
        }
        try {
            return restore(file, backup);
        } catch (DamagedBackupException changed) {
            throw new IllegalStateException("the file has changed while it was restored", changed);
        } catch (StoreUnavailableException failed) {
            log.error("the restore was interrupted", failed);
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
                    "the store did not take all of it; a store that holds a part is led by nobody",
                    "repeat it when the store answers: kelpie cluster status");
        }
    }

    private Restored restore(Path file, BackupCheck.Sound backup) throws IOException, DamagedBackupException {
        StoreHead head = surgery.look();
        Optional<ClusterPin> pin = pins.get();
        UUID cluster = backup.header().cluster();
        allow(head, cluster, pin, backup);
        long epoch = UnseenNumbers.epochAbove(
                head.epoch(),
                backup.header().epoch(),
                head.restore().map(RestoreRecord::getEpoch).orElse(0L),
                pin.filter(own -> own.cluster().equals(cluster))
                        .map(ClusterPin::epoch)
                        .orElse(0L),
                shown.highest(cluster));
        RestoreRecord mark = RestoreRecord.newBuilder()
                .setFormat(1)
                .setAttempt(UUID.randomUUID().toString())
                .setClusterUuid(cluster.toString())
                .setBackupSha256(ByteString.copyFrom(backup.sha256()))
                .setEpoch(epoch)
                .setControllerId(self.id())
                .setBeganAtMillis(time.wallMillis())
                .build();
        log.warn("restoring {} records of cluster {}, at epoch {}", backup.records(), cluster, epoch);
        surgery.begin(mark, head);
        long written = write(file, backup, epoch);
        ClusterRecord.Builder record = backup.cluster().toBuilder().setRecoveryEpoch(epoch);
        head.clusterUuid()
                .filter(former -> !former.equals(cluster))
                .filter(former -> !record.getReplacesList().contains(former.toString()))
                .ifPresent(former -> record.addReplaces(former.toString()));
        pin.map(ClusterPin::cluster)
                .filter(former -> !former.equals(cluster))
                .filter(former -> !record.getReplacesList().contains(former.toString()))
                .ifPresent(former -> record.addReplaces(former.toString()));
        surgery.finish(record.build(), epoch);
        pins.replace(new ClusterPin(cluster, epoch));
        log.warn("restored: {} records of cluster {}, {} of them written", backup.records(), cluster, written);
        return new Restored(backup.records(), cluster, epoch);
    }

    private void allow(StoreHead head, UUID cluster, Optional<ClusterPin> pin, BackupCheck.Sound backup) {
        boolean sameOrNoPin = pin.map(own -> own.cluster().equals(cluster)).orElse(true);
        Optional<UUID> present = head.clusterUuid();
        if (head.restore().isPresent() && head.restore().get().getClusterUuid().equals(cluster.toString())) {
            return; // repeated
        }
        if (present.isEmpty() || head.restore().isPresent()) {
            if (!sameOrNoPin) {
                throw refused(
                        "this controller belongs to cluster "
                                + pin.orElseThrow().cluster() + ", the backup is that of cluster " + cluster,
                        "take a backup of its own cluster, or give it to a controller with an empty data folder");
            }
            return;
        }
        if (isEmpty()) {
            boolean ours = pin.map(own -> present.get().equals(own.cluster())).orElse(true);
            if (!ours && !sameOrNoPin) {
                throw refused(
                        "this controller belongs to neither the store's cluster " + present.get() + " nor the backup's "
                                + cluster,
                        "correct the store's address, or take another backup");
            }
            return;
        }
        if (!present.get().equals(cluster)) {
            throw refused(
                    "the store holds cluster " + present.get() + ", the backup is that of cluster " + cluster,
                    "restore into an empty store");
        }
        if (readOnly.get().isEmpty()) {
            throw refused(
                    "the store is in good order: the backup of epoch "
                            + backup.header().epoch() + " would undo what happened since (the store is at epoch "
                            + head.epoch() + ")",
                    "restore only into an empty store, or one that is older than what was seen of it");
        }
    }

    private static KelpieException refused(String why, String fix) {
        return new KelpieException(ErrorReason.ERROR_REASON_WRONG_STATE, why + "; nothing was written", fix);
    }

    /** No host, job or VM: as good as a store that was never used. */
    private boolean isEmpty() {
        return read(store.readHosts()).isEmpty()
                && read(store.readJobs()).isEmpty()
                && read(store.readVms()).isEmpty();
    }

    /** @return how many records were not yet as they are in the backup */
    private long write(Path file, BackupCheck.Sound backup, long epoch) throws IOException, DamagedBackupException {
        Map<RecordKey, StoredRecord> present = new HashMap<>();
        for (List<StoredRecord> records : List.of(
                read(store.readHosts()),
                read(store.readCapabilities()),
                read(store.readJobs()),
                read(store.readVms()),
                read(store.readRequests()))) {
            records.forEach(record -> present.put(record.key(), record));
        }
        for (RecordKey key : List.of(new RecordKey.ConfigKey(), new RecordKey.ControllerSetKey())) {
            read(store.read(key)).ifPresent(record -> present.put(key, record));
        }
        Batches batches = new Batches();
        Optional<StoredRecord> presentSet = Optional.ofNullable(present.remove(new RecordKey.ControllerSetKey()));
        batches.put(
                new RecordKey.ControllerSetKey(),
                ControllerSetRecords.record(controllers(backup, presentSet, epoch))
                        .toByteString(),
                presentSet);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            BackupReader reader = new BackupReader(in);
            for (Optional<BackupRecord> next = reader.next(); next.isPresent(); next = reader.next()) {
                RecordKey key = next.get().key();
                if (!(key instanceof RecordKey.ClusterKey) && !(key instanceof RecordKey.ControllerSetKey)) {
                    batches.put(key, restored(next.get()), Optional.ofNullable(present.remove(key)));
                }
            }
        }
        present.forEach((key, record) -> batches.add(new Write.Delete(key, record.version())));
        batches.flush();
        return batches.written;
    }

    /** What was said of a host's death may have been said before it was heard again. */
    private static ByteString restored(BackupRecord record) {
        if (!(record.key() instanceof RecordKey.HostKey)) {
            return record.value();
        }
        try {
            return HostRecord.parseFrom(record.value()).toBuilder()
                    .clearFencing()
                    .clearRecoveredEpoch()
                    .build()
                    .toByteString();
        } catch (InvalidProtocolBufferException impossible) {
            throw new IllegalStateException("it was readable when the backup was checked", impossible);
        }
    }

    /**
     * The set as this process has read it, else as the store or the backup has it, whichever is the latest; under a
     * version that nobody has seen.
     */
    private ControllerSet controllers(BackupCheck.Sound backup, Optional<StoredRecord> present, long epoch) {
        List<ControllerSet> candidates = new ArrayList<>();
        backup.controllers().ifPresent(candidates::add);
        present.ifPresent(record -> {
            try {
                candidates.add(ControllerSetRecords.parse(record.value().toByteArray()));
            } catch (InvalidProtocolBufferException unreadable) {
                log.warn("the store's set of controllers cannot be read; it is replaced");
            }
        });
        return UnseenNumbers.setAbove(knownControllers.get(), candidates, self, epoch);
    }

    private static <T> T read(CompletableFuture<T> reading) {
        try {
            return reading.orTimeout(READ_SECONDS, TimeUnit.SECONDS).join();
        } catch (CompletionException failed) {
            Throwable cause = failed.getCause() == null ? failed : failed.getCause();
            if (cause instanceof StoreUnavailableException || cause instanceof TimeoutException) {
                throw new StoreUnavailableException("the store could not be read", cause);
            }
            throw failed;
        }
    }

    /** Writes that go together, as many as the store takes at once. */
    private final class Batches {
        private final List<Write> waiting = new ArrayList<>();
        private long bytes;
        long written;

        void put(RecordKey key, ByteString value, Optional<StoredRecord> present) {
            if (present.isPresent() && present.get().value().equals(value)) {
                return; // written by an attempt before
            }
            add(new Write.Put(key, value, present.map(StoredRecord::version).orElse(Write.ABSENT)));
        }

        void add(Write write) {
            long size = write instanceof Write.Put put ? put.value().size() : 0;
            if (waiting.size() == WRITES_PER_BATCH || bytes + size > WriteBatch.MAX_BYTES) {
                flush();
            }
            waiting.add(write);
            bytes += size;
        }

        void flush() {
            if (!waiting.isEmpty()) {
                surgery.apply(new WriteBatch(waiting));
                written += waiting.size();
                waiting.clear();
                bytes = 0;
            }
        }
    }
}
