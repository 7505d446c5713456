package io.kelpie.controller.store.memory;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.Seat;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.ControllersRead;
import io.kelpie.controller.store.FencedSequence.Answer;
import io.kelpie.controller.store.FencedSequence.Place;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.trust.StoreHead;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What several controllers share, in memory: the records, the term with its fence, and who stands for election. Behaves
 * as the ensemble does; each controller has a {@link MemoryStore} over it. For tests and simulations: nothing is random
 * here, and nothing happens but by a call. Thread-safe.
 *
 * <p>A simulation may look at each batch as it arrives, by overriding {@link #judge}.
 */
public class MemoryCluster {
    /** One controller in the election; told on the thread whose call changed the election. */
    public interface Candidate {
        /** It is the first in the line: it may begin a term. */
        void mayLead();

        /** It is not in the line any more, as its session has ended. */
        void sessionEnded();
    }

    /**
     * A term as the store knows it.
     *
     * @param epoch its number
     * @param controllerId whose it is
     * @param address where that controller is reached, host:port
     */
    public record Term(long epoch, String controllerId, String address) {
        /** Name of its fence. */
        public String fence() {
            return Long.toString(epoch);
        }
    }

    private static final RecordKey CONTROLLERS = new RecordKey.ControllerSetKey();

    private record LateBatch(String fence, Place place, WriteBatch batch) {}

    // All guarded by this.
    private final Map<RecordKey, StoredRecord> records = new LinkedHashMap<>();
    private final List<Candidate> candidates = new ArrayList<>();
    private final List<LateBatch> late = new ArrayList<>();
    private final Map<String, Long> acknowledged = new HashMap<>();
    private final Map<String, Seat> seats = new HashMap<>();
    private @Nullable Term term;
    private int fenceGeneration;
    private int fenceVersion;
    private @Nullable RestoreRecord mark;

    /** A cluster with nothing in it but its own record. */
    public MemoryCluster(UUID clusterId) {
        ClusterRecord cluster = ClusterRecord.newBuilder()
                .setFormat(1)
                .setClusterUuid(clusterId.toString())
                .build();
        RecordKey key = new RecordKey.ClusterKey();
        records.put(key, new StoredRecord(key, cluster.toByteString(), 0));
    }

    /** Joins the line, at its end. */
    public void stand(Candidate candidate) {
        boolean first;
        synchronized (this) {
            candidates.add(candidate);
            first = candidates.get(0) == candidate;
        }
        if (first) {
            candidate.mayLead();
        }
    }

    /** Leaves the line of one's own will. */
    public void withdraw(Candidate candidate) {
        tellNext(leave(candidate));
    }

    /** Ends the candidate's session, as a partition or a long pause does: it is told, and the next one may lead. */
    public void endSession(Candidate candidate) {
        Optional<Candidate> next = leave(candidate);
        candidate.sessionEnded();
        tellNext(next);
    }

    private synchronized Optional<Candidate> leave(Candidate candidate) {
        boolean wasFirst = !candidates.isEmpty() && candidates.get(0) == candidate;
        candidates.remove(candidate);
        return wasFirst ? candidates.stream().findFirst() : Optional.empty();
    }

    private static void tellNext(Optional<Candidate> next) {
        next.ifPresent(Candidate::mayLead);
    }

    /**
     * Begins the next term, and ends the one before, whoever is the first in the line.
     *
     * @return the term, or empty if the committed set of controllers does not let this one lead
     */
    public synchronized Optional<Term> beginTerm(ControllerIdentity controller) {
        Optional<ControllerSet> present = controllerSet();
        ControllerSet.Entry entry =
                ControllerSet.entry(present, controller, Optional.ofNullable(seats.get(controller.id())));
        if (entry instanceof ControllerSet.Entry.Refused) {
            return Optional.empty();
        }
        if (entry instanceof ControllerSet.Entry.Writing writing) {
            int version = Optional.ofNullable(records.get(CONTROLLERS))
                    .map(StoredRecord::version)
                    .orElse(Write.ABSENT);
            records.put(
                    CONTROLLERS,
                    new StoredRecord(
                            CONTROLLERS,
                            ControllerSetRecords.record(writing.set()).toByteString(),
                            version + 1));
        }
        seats.put(controller.id(), ControllerSet.seatAtBegin(entry, present, controller));
        Term next = new Term(term == null ? 1 : term.epoch() + 1, controller.id(), controller.address());
        term = next;
        fenceGeneration = 0;
        fenceVersion = 0;
        written();
        return Optional.of(next);
    }

    /** Notes that a controller has read a version of the controller set. */
    public synchronized void acknowledge(String controllerId, long version) {
        acknowledged.merge(controllerId, version, Math::max);
    }

    /** Notes who a controller is, unless somebody is noted since it has been a member. */
    public synchronized void takeSeat(String controllerId, Seat seat, long since) {
        Seat present = seats.get(controllerId);
        if (present == null || present.version() < since) {
            seats.put(controllerId, seat);
        }
    }

    /** What every controller can read about the controllers. */
    public synchronized ControllersRead controllers() {
        return new ControllersRead(
                clusterRecord().map(ClusterRecord::getClusterUuid), controllerSet(), acknowledged, seats);
    }

    private Optional<ClusterRecord> clusterRecord() {
        return Optional.ofNullable(records.get(new RecordKey.ClusterKey()))
                .map(record -> parsed(() -> ClusterRecord.parseFrom(record.value())));
    }

    private Optional<ControllerSet> controllerSet() {
        return Optional.ofNullable(records.get(CONTROLLERS))
                .map(record ->
                        parsed(() -> ControllerSetRecords.parse(record.value().toByteArray())));
    }

    private interface Parsing<T> {
        T parse() throws InvalidProtocolBufferException;
    }

    private static <T> T parsed(Parsing<T> parsing) {
        try {
            return parsing.parse();
        } catch (InvalidProtocolBufferException unreadable) {
            throw new IllegalStateException("a record in memory cannot be read", unreadable);
        }
    }

    /**
     * An operator's word that this store is the one to go on with: the next term follows the epoch, and the records are
     * marked as possibly older than what hosts run.
     *
     * @return the cluster
     */
    public synchronized UUID accept(long epoch) {
        term = new Term(epoch, "", "");
        RecordKey key = new RecordKey.ClusterKey();
        StoredRecord present = Objects.requireNonNull(records.get(key));
        ClusterRecord record = parsed(() -> ClusterRecord.parseFrom(present.value()));
        records.put(
                key,
                new StoredRecord(
                        key, record.toBuilder().setRecoveryEpoch(epoch).build().toByteString(), present.version() + 1));
        return UUID.fromString(record.getClusterUuid());
    }

    /** What the store says of itself. */
    public synchronized StoreHead head() {
        StoredRecord record = records.get(new RecordKey.ClusterKey());
        return new StoreHead(
                record == null ? Optional.empty() : Optional.of(parsed(() -> ClusterRecord.parseFrom(record.value()))),
                term == null ? 0 : term.epoch(),
                Optional.ofNullable(mark));
    }

    /** Loses everything, as an ensemble does whose disks are wiped. */
    public synchronized void wipe() {
        records.clear();
        acknowledged.clear();
        seats.clear();
        term = null;
        mark = null;
        fenceGeneration++;
    }

    synchronized boolean mark(RestoreRecord next, StoreHead seen) {
        if (!head().equals(seen)) {
            return false;
        }
        mark = next;
        fenceGeneration = -1; // no batch names it
        return true;
    }

    synchronized boolean applyMarked(String attempt, WriteBatch batch) {
        return isMarkedBy(attempt) && applyWrites(batch);
    }

    synchronized boolean unmark(String attempt, ClusterRecord cluster, long epoch) {
        if (!isMarkedBy(attempt)) {
            return false;
        }
        mark = null;
        RecordKey key = new RecordKey.ClusterKey();
        StoredRecord former = records.get(key);
        records.put(key, new StoredRecord(key, cluster.toByteString(), former == null ? 0 : former.version() + 1));
        term = new Term(epoch, "", "");
        return true;
    }

    private boolean isMarkedBy(String attempt) {
        return mark != null && mark.getAttempt().equals(attempt);
    }

    /** The last term that began. */
    public synchronized Optional<Term> term() {
        return Optional.ofNullable(term);
    }

    /** Lets the batches arrive that were lost {@link CommitFault#LOST_UNDER_WAY}; their senders are not told. */
    public synchronized void deliverLate() {
        for (LateBatch batch : late) {
            apply(batch.fence(), batch.place(), batch.batch());
        }
        late.clear();
    }

    synchronized void keepUnderWay(String fence, Place place, WriteBatch batch) {
        late.add(new LateBatch(fence, place, batch));
    }

    /**
     * What the fence says of a batch that arrives under it; only an APPLIED one is looked at further. Called within every
     * write.
     */
    protected synchronized Answer judge(String fence, Place place) {
        if (!stands(fence, place.generation())) {
            return Answer.FENCE_GONE;
        }
        return fenceVersion == place.version() ? Answer.APPLIED : Answer.FENCE_BEHIND;
    }

    /** Records have been written, deleted, or a term was begun. Called within the write. */
    protected void written() {}

    synchronized Answer apply(String fence, Place place, WriteBatch batch) {
        Answer fenced = judge(fence, place);
        if (fenced != Answer.APPLIED) {
            return fenced;
        }
        if (!applyWrites(batch)) {
            return Answer.RECORD_REFUSED;
        }
        fenceVersion++;
        return Answer.APPLIED;
    }

    private boolean applyWrites(WriteBatch batch) {
        Map<RecordKey, Optional<StoredRecord>> changed = new LinkedHashMap<>();
        for (Write write : batch.writes()) {
            Optional<StoredRecord> present =
                    changed.getOrDefault(write.key(), Optional.ofNullable(records.get(write.key())));
            int version = present.map(StoredRecord::version).orElse(Write.ABSENT);
            if (write instanceof Write.Put put && put.expectedVersion() == version) {
                changed.put(put.key(), Optional.of(new StoredRecord(put.key(), put.value(), version + 1)));
            } else if (write instanceof Write.Delete delete && delete.expectedVersion() == version) {
                changed.put(delete.key(), Optional.empty());
            } else {
                return false;
            }
        }
        changed.forEach((key, record) ->
                record.ifPresentOrElse(present -> records.put(key, present), () -> records.remove(key)));
        if (!changed.isEmpty()) {
            written();
        }
        return true;
    }

    protected synchronized boolean stands(String fence, int generation) {
        return term != null && term.fence().equals(fence) && fenceGeneration == generation;
    }

    /** Replaces a fence by its next generation; answers the version that it had, or empty if it is gone. */
    synchronized OptionalInt replaceFence(String fence, int generation) {
        if (!stands(fence, generation)) {
            return OptionalInt.empty();
        }
        int version = fenceVersion;
        fenceGeneration++;
        fenceVersion = 0;
        return OptionalInt.of(version);
    }

    synchronized Optional<StoredRecord> read(RecordKey key) {
        return Optional.ofNullable(records.get(key));
    }

    synchronized List<StoredRecord> readAll(Class<? extends RecordKey> kind) {
        return records.values().stream()
                .filter(record -> kind.isInstance(record.key()))
                .sorted(Comparator.comparing(record -> record.key().toString()))
                .toList();
    }
}
