package io.kelpie.controller.store;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.CONFLICT;
import static io.kelpie.controller.store.CommitOutcome.OUTCOME_UNKNOWN;
import static io.kelpie.controller.store.CommitOutcome.TERM_ENDED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.store.RecordKey.CapabilitiesKey;
import io.kelpie.controller.store.RecordKey.ClusterKey;
import io.kelpie.controller.store.RecordKey.HostKey;
import io.kelpie.controller.store.RecordKey.JobRecordKey;
import io.kelpie.controller.store.RecordKey.RequestKey;
import io.kelpie.controller.store.RecordKey.VmKey;
import io.kelpie.controller.store.Write.Delete;
import io.kelpie.controller.store.Write.Put;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every store must do. */
public abstract class ClusterStoreContract {
    private static final HostKey HOST = new HostKey("4f7a");
    private static final HostKey OTHER_HOST = new HostKey("5b1c");
    private static final VmKey VM = vm(1);

    /** A store of a controller on the test's cluster; the test's implementation closes it. */
    protected abstract ClusterStore newStore();

    /** Begins the next term of the test's cluster. */
    protected abstract LeaderTerm beginTerm();

    /** Commits a batch that is applied, and whose answer is lost. */
    protected abstract CommitOutcome commitAndLoseAnswer(ClusterStore store, LeaderTerm term, WriteBatch batch);

    /** Commits a batch that is lost on its way. */
    protected abstract CommitOutcome commitAndLoseRequest(ClusterStore store, LeaderTerm term, WriteBatch batch);

    enum Kind {
        HOST,
        CAPABILITIES,
        JOB,
        VM,
        REQUEST;

        RecordKey key(int number) {
            return switch (this) {
                case HOST -> new HostKey("host-" + number);
                case CAPABILITIES -> new CapabilitiesKey("host-" + number);
                case JOB -> new JobRecordKey(new JobKey("shop-" + number % 3, "web-" + number));
                case VM -> vm(number);
                case REQUEST -> new RequestKey(new UUID(7, number));
            };
        }

        CompletableFuture<List<StoredRecord>> readAll(ClusterStore store) {
            return switch (this) {
                case HOST -> store.readHosts();
                case CAPABILITIES -> store.readCapabilities();
                case JOB -> store.readJobs();
                case VM -> store.readVms();
                case REQUEST -> store.readRequests();
            };
        }
    }

    @Test
    void theClusterHasItsRecord() {
        ClusterStore store = newStore();
        beginTerm();
        assertThat(get(store.read(new ClusterKey()))).isPresent();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aRecordLivesFromPutToDelete(Kind kind) {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        RecordKey key = kind.key(1);

        assertThat(get(store.read(key))).isEmpty();
        assertThat(get(store.commit(term, batch(put(key, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        assertThat(get(store.read(key))).contains(record(key, "a", 0));
        assertThat(get(store.commit(term, batch(put(key, "b", 0))))).isEqualTo(COMMITTED);
        assertThat(get(store.read(key))).contains(record(key, "b", 1));
        assertThat(get(store.commit(term, batch(new Delete(key, 1))))).isEqualTo(COMMITTED);
        assertThat(get(store.read(key))).isEmpty();
        assertThat(get(store.commit(term, batch(put(key, "c", Write.ABSENT))))).isEqualTo(COMMITTED);
        assertThat(get(store.read(key))).contains(record(key, "c", 0));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void readsAllOfAKindAndNothingElse(Kind kind) {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        assertThat(get(kind.readAll(store))).isEmpty();

        List<Write> writes = new ArrayList<>();
        Set<StoredRecord> expected = new HashSet<>();
        for (Kind written : Kind.values()) {
            for (int i = 0; i < 40; i++) {
                writes.add(put(written.key(i), written + "-" + i, Write.ABSENT));
                if (written == kind) {
                    expected.add(record(kind.key(i), kind + "-" + i, 0));
                }
            }
        }
        assertThat(get(store.commit(term, new WriteBatch(writes)))).isEqualTo(COMMITTED);

        assertThat(get(kind.readAll(store))).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(get(kind.readAll(newStore()))).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void readsManyVms() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        int count = 6_000;
        List<CompletableFuture<CommitOutcome>> outcomes = new ArrayList<>();
        for (int from = 0; from < count; from += 500) {
            List<Write> writes = new ArrayList<>();
            for (int i = from; i < from + 500; i++) {
                writes.add(put(vm(i), "vm " + i, Write.ABSENT));
            }
            outcomes.add(store.commit(term, new WriteBatch(writes)));
        }
        assertThat(outcomes).allSatisfy(outcome -> assertThat(get(outcome)).isEqualTo(COMMITTED));

        List<StoredRecord> vms = get(store.readVms());
        assertThat(vms).hasSize(count);
        assertThat(new HashSet<>(vms)).hasSize(count).contains(record(vm(4_711), "vm 4711", 0));
    }

    @Test
    void readsLargeRecordsHoweverManyOfThemThereAre() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        int largest = 2;
        int large = 60;
        for (int i = 0; i < largest; i++) {
            get(store.commit(
                    term, batch(new Put(new HostKey("largest-" + i), bytes(WriteBatch.MAX_BYTES), Write.ABSENT))));
        }
        for (int i = 0; i < large; i += 5) {
            List<Write> writes = new ArrayList<>();
            for (int j = i; j < i + 5; j++) {
                writes.add(new Put(new HostKey("large-" + j), bytes(100_000), Write.ABSENT));
            }
            get(store.commit(term, new WriteBatch(writes)));
        }
        List<StoredRecord> hosts = get(store.readHosts());
        assertThat(hosts).hasSize(largest + large);
        assertThat(hosts.stream().mapToLong(host -> host.value().size()).sum())
                .isEqualTo((long) largest * WriteBatch.MAX_BYTES + large * 100_000L);
        assertThat(get(store.commit(term, batch(put(HOST, "the term goes on", Write.ABSENT)))))
                .isEqualTo(COMMITTED);
    }

    @Test
    void aCancelledReadHindersNothing() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        List<Write> writes = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            writes.add(put(vm(i), "vm " + i, Write.ABSENT));
        }
        get(store.commit(term, new WriteBatch(writes)));
        for (int i = 0; i < 20; i++) {
            store.readVms().cancel(false);
        }
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        assertThat(get(store.readVms())).hasSize(1_000);
    }

    private static ByteString bytes(int size) {
        return ByteString.copyFrom(new byte[size]);
    }

    @Test
    void readsNothingUnderANameThatCannotBeStored() {
        ClusterStore store = newStore();
        beginTerm();
        for (String name : List.of("", "..", "a/b", "a\n", "../term", "/", "\0", "x".repeat(200))) {
            assertThat(get(store.read(new HostKey(name)))).as(name).isEmpty();
            assertThat(get(store.read(new JobRecordKey(new JobKey(name, "web")))))
                    .as(name)
                    .isEmpty();
            assertThatThrownBy(() -> batch(put(new HostKey(name), "x", Write.ABSENT)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void anyBytesRoundTrip() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        byte[] bytes = new byte[100_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 + i / 256);
        }
        ByteString value = ByteString.copyFrom(bytes);
        get(store.commit(
                term, batch(new Put(HOST, value, Write.ABSENT), new Put(OTHER_HOST, ByteString.EMPTY, Write.ABSENT))));
        assertThat(get(store.read(HOST))).contains(new StoredRecord(HOST, value, 0));
        assertThat(get(store.read(OTHER_HOST))).contains(new StoredRecord(OTHER_HOST, ByteString.EMPTY, 0));
    }

    @Test
    void takesABatchAtBothLimitsAndNoneAbove() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        int writes = WriteBatch.MAX_WRITES;
        String longName = "n".repeat(100);
        List<Write> full = new ArrayList<>();
        int each = WriteBatch.MAX_BYTES / writes;
        for (int i = 0; i < writes; i++) {
            int size = i == 0 ? WriteBatch.MAX_BYTES - each * (writes - 1) : each;
            JobRecordKey key = new JobRecordKey(new JobKey(longName, longName + i));
            full.add(new Put(key, ByteString.copyFrom(new byte[size]), Write.ABSENT));
        }
        assertThat(get(store.commit(term, new WriteBatch(full)))).isEqualTo(COMMITTED);
        assertThat(get(store.readJobs())).hasSize(writes);

        Put tooLarge = new Put(HOST, ByteString.copyFrom(new byte[WriteBatch.MAX_BYTES + 1]), Write.ABSENT);
        assertThatThrownBy(() -> batch(tooLarge)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new WriteBatch(Collections.nCopies(writes + 1, put(HOST, "", 0))))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void neverTakesTheVersionThatWouldMeanAnyVersion() {
        assertThatThrownBy(() -> new Delete(HOST, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> put(HOST, "", -2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void appliesTheWritesOfABatchInTheirOrder() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        WriteBatch batch =
                batch(put(HOST, "a", Write.ABSENT), put(HOST, "b", 0), put(VM, "x", Write.ABSENT), new Delete(VM, 0));
        assertThat(get(store.commit(term, batch))).isEqualTo(COMMITTED);
        assertThat(get(store.read(HOST))).contains(record(HOST, "b", 1));
        assertThat(get(store.read(VM))).isEmpty();
    }

    @Test
    void appliesPipelinedBatchesInTheOrderOfTheCallsAndAnswersInIt() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        List<Integer> answered = Collections.synchronizedList(new ArrayList<>());
        List<CompletableFuture<CommitOutcome>> outcomes = new ArrayList<>();
        int count = 200;
        for (int i = 0; i < count; i++) {
            int number = i;
            CompletableFuture<CommitOutcome> outcome = store.commit(term, batch(put(HOST, "v" + i, i - 1)));
            outcome.thenRun(() -> answered.add(number));
            outcomes.add(outcome);
        }
        assertThat(outcomes).allSatisfy(outcome -> assertThat(get(outcome)).isEqualTo(COMMITTED));
        assertThat(answered).hasSize(count).isSorted();
        assertThat(get(store.read(HOST))).contains(record(HOST, "v" + (count - 1), count - 1));
    }

    @Test
    void anEmptyBatchIsABatch() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch()))).isEqualTo(COMMITTED);
        assertThat(get(store.settle(term))).contains(1L);
    }

    @SuppressWarnings("ImmutableEnumChecker") // a write is a record of immutable values
    enum Mistake {
        PUT_OF_PRESENT_AS_ABSENT(put(HOST, "x", Write.ABSENT)),
        PUT_AT_OLD_VERSION(put(HOST, "x", 0)),
        PUT_AT_LATER_VERSION(put(HOST, "x", 2)),
        PUT_OF_ABSENT(put(OTHER_HOST, "x", 0)),
        DELETE_AT_OLD_VERSION(new Delete(HOST, 0)),
        DELETE_OF_ABSENT(new Delete(OTHER_HOST, 0));

        private final Write write;

        Mistake(Write write) {
            this.write = write;
        }
    }

    @ParameterizedTest
    @EnumSource(Mistake.class)
    void aConflictAppliesNothingOfItsBatchAndEndsTheTermsWrites(Mistake mistake) {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))));
        get(store.commit(term, batch(put(HOST, "b", 0))));

        CompletableFuture<CommitOutcome> refused =
                store.commit(term, batch(put(vm(1), "first", Write.ABSENT), mistake.write, put(vm(2), "", -1)));
        // Sent before the refusal is known, and after: neither may be applied, though both are right in themselves.
        CompletableFuture<CommitOutcome> behind = store.commit(term, batch(put(vm(3), "", Write.ABSENT)));
        assertThat(get(refused)).isEqualTo(CONFLICT);
        assertThat(get(behind)).isEqualTo(TERM_ENDED);
        assertThat(get(store.commit(term, batch(put(vm(4), "", Write.ABSENT))))).isEqualTo(TERM_ENDED);
        assertThat(get(store.settle(term))).isEmpty();

        assertThat(get(store.readVms())).isEmpty();
        assertThat(get(store.read(HOST))).contains(record(HOST, "b", 1));
        LeaderTerm next = beginTerm();
        assertThat(get(store.commit(next, batch(put(HOST, "c", 1))))).isEqualTo(COMMITTED);
    }

    @Test
    void ofAPipelineAPrefixIsApplied() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        List<CompletableFuture<CommitOutcome>> outcomes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            outcomes.add(store.commit(term, batch(put(vm(i), "", i == 10 ? 5 : Write.ABSENT))));
        }
        assertThat(outcomes.subList(0, 10)).allSatisfy(o -> assertThat(get(o)).isEqualTo(COMMITTED));
        assertThat(get(outcomes.get(10))).isEqualTo(CONFLICT);
        assertThat(outcomes.subList(11, 20)).allSatisfy(o -> assertThat(get(o)).isEqualTo(TERM_ENDED));
        assertThat(get(store.readVms()).stream().map(StoredRecord::key).toList())
                .containsExactlyInAnyOrderElementsOf(
                        List.of(vm(0), vm(1), vm(2), vm(3), vm(4), vm(5), vm(6), vm(7), vm(8), vm(9)));
    }

    /** Also if the controllers go by the same id and address, as those of the test do. */
    @Test
    void epochsGrow() {
        long first = beginTerm().epoch();
        assertThat(beginTerm().epoch()).isEqualTo(first + 1);
        assertThat(beginTerm().epoch()).isEqualTo(first + 2);
    }

    /** Between its plan and its commit the leader is deposed, and does not know it. */
    @Test
    void nothingOfADeposedLeaderIsApplied() {
        ClusterStore deposed = newStore();
        LeaderTerm term = beginTerm();
        assertThat(get(deposed.commit(term, batch(put(HOST, "mine", Write.ABSENT)))))
                .isEqualTo(COMMITTED);
        assertThat(get(deposed.prove(term))).isEqualTo(COMMITTED);

        ClusterStore present = newStore();
        LeaderTerm next = beginTerm();

        // Several under way at once: the first one's being refused must not let the second pass.
        List<CompletableFuture<CommitOutcome>> late = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            late.add(deposed.commit(term, batch(put(vm(i), "late", Write.ABSENT))));
        }
        assertThat(late).allSatisfy(outcome -> assertThat(get(outcome)).isEqualTo(TERM_ENDED));
        assertThat(get(deposed.prove(term))).isEqualTo(TERM_ENDED);
        assertThat(get(deposed.settle(term))).isEmpty();
        assertThat(get(present.readVms())).isEmpty();

        assertThat(get(present.prove(next))).isEqualTo(COMMITTED);
        assertThat(get(present.commit(next, batch(put(HOST, "yours", 0))))).isEqualTo(COMMITTED);
        assertThat(get(present.read(HOST))).contains(record(HOST, "yours", 1));
        assertThat(get(present.settle(next))).contains(1L);
    }

    @Test
    void aStoreThatHasSeenALaterTermSendsNothingOfAnEarlierOne() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        LeaderTerm next = beginTerm();
        assertThat(get(store.commit(next, batch()))).isEqualTo(COMMITTED);
        assertThat(get(store.commit(term, batch(put(HOST, "", Write.ABSENT))))).isEqualTo(TERM_ENDED);
        assertThat(get(store.prove(term))).isEqualTo(TERM_ENDED);
        assertThat(get(store.settle(term))).isEmpty();
        assertThat(get(store.commit(next, batch()))).isEqualTo(COMMITTED);
        assertThat(get(store.readHosts())).isEmpty();
    }

    @Test
    void aLostAnswerIsSettledAsApplied() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        assertThat(commitAndLoseAnswer(store, term, batch(put(HOST, "b", 0)))).isEqualTo(OUTCOME_UNKNOWN);
        // Until it is settled nothing is sent.
        assertThat(get(store.commit(term, batch(put(HOST, "c", 1))))).isEqualTo(OUTCOME_UNKNOWN);

        assertThat(get(store.settle(term))).contains(2L);
        assertThat(get(store.read(HOST))).contains(record(HOST, "b", 1));
        assertThat(get(store.commit(term, batch(put(HOST, "d", 1))))).isEqualTo(COMMITTED);
        assertThat(get(store.prove(term))).isEqualTo(COMMITTED);
        assertThat(get(store.settle(term))).contains(3L);
    }

    @Test
    void aLostRequestIsSettledAsNotApplied() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        assertThat(commitAndLoseRequest(store, term, batch(put(HOST, "b", 0)))).isEqualTo(OUTCOME_UNKNOWN);

        assertThat(get(store.settle(term))).contains(1L);
        assertThat(get(store.read(HOST))).contains(record(HOST, "a", 0));
        assertThat(get(store.commit(term, batch(put(HOST, "c", 0))))).isEqualTo(COMMITTED);
        assertThat(get(store.settle(term))).contains(2L);
    }

    @Test
    void aLostAnswerOfADeposedLeaderStaysUnknownAndItsTermEnds() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        assertThat(commitAndLoseAnswer(store, term, batch(put(HOST, "a", Write.ABSENT))))
                .isEqualTo(OUTCOME_UNKNOWN);
        beginTerm();
        assertThat(get(store.settle(term))).isEmpty();
        assertThat(get(store.commit(term, batch(put(HOST, "b", 0))))).isEqualTo(TERM_ENDED);
        assertThat(get(store.read(HOST))).contains(record(HOST, "a", 0));
    }

    @Test
    void settlingAHealthyTermCountsWhatIsUnderWay() {
        ClusterStore store = newStore();
        LeaderTerm term = beginTerm();
        List<CompletableFuture<CommitOutcome>> outcomes = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            outcomes.add(store.commit(term, batch(put(vm(i), "", Write.ABSENT))));
        }
        assertThat(get(store.settle(term))).contains(10L);
        assertThat(outcomes).allSatisfy(outcome -> assertThat(get(outcome)).isEqualTo(COMMITTED));
        assertThat(get(store.commit(term, batch()))).isEqualTo(COMMITTED);
    }

    @Test
    void isConnectedWhileItAnswers() {
        ClusterStore store = newStore();
        beginTerm();
        assertThat(store.isConnected()).isTrue();
    }

    protected static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(30, TimeUnit.SECONDS).join();
    }

    protected static VmKey vm(int number) {
        return new VmKey(new UUID(0x1234_5678_9abc_4defL + number, number));
    }

    protected static Put put(RecordKey key, String value, int expectedVersion) {
        return new Put(key, ByteString.copyFromUtf8(value), expectedVersion);
    }

    protected static WriteBatch batch(Write... writes) {
        return new WriteBatch(List.of(writes));
    }

    protected static StoredRecord record(RecordKey key, String value, int version) {
        return new StoredRecord(key, ByteString.copyFromUtf8(value), version);
    }
}
