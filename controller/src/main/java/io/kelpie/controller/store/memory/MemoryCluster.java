package io.kelpie.controller.store.memory;

import io.kelpie.controller.store.FencedSequence.Answer;
import io.kelpie.controller.store.FencedSequence.Place;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.proto.v1.ClusterRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What several controllers share, in memory: the records, the term with its fence, and who stands for election. Behaves
 * as the ensemble does; each controller has a {@link MemoryStore} over it. For tests and simulations: nothing is random
 * here, and nothing happens but by a call. Thread-safe.
 */
public final class MemoryCluster {
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

    private record LateBatch(String fence, Place place, WriteBatch batch) {}

    // All guarded by this.
    private final Map<RecordKey, StoredRecord> records = new LinkedHashMap<>();
    private final List<Candidate> candidates = new ArrayList<>();
    private final List<LateBatch> late = new ArrayList<>();
    private @Nullable Term term;
    private int fenceGeneration;
    private int fenceVersion;

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

    /** Begins the next term, and ends the one before, whoever is the first in the line. */
    public synchronized Term beginTerm(String controllerId, String address) {
        Term next = new Term(term == null ? 1 : term.epoch() + 1, controllerId, address);
        term = next;
        fenceGeneration = 0;
        fenceVersion = 0;
        return next;
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

    synchronized Answer apply(String fence, Place place, WriteBatch batch) {
        if (!stands(fence, place.generation())) {
            return Answer.FENCE_GONE;
        }
        if (fenceVersion != place.version()) {
            return Answer.FENCE_BEHIND;
        }
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
                return Answer.RECORD_REFUSED;
            }
        }
        changed.forEach((key, record) ->
                record.ifPresentOrElse(present -> records.put(key, present), () -> records.remove(key)));
        fenceVersion++;
        return Answer.APPLIED;
    }

    synchronized boolean stands(String fence, int generation) {
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
