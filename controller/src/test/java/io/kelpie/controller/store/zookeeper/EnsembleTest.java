package io.kelpie.controller.store.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.curator.test.InstanceSpec;
import org.apache.curator.test.TestingCluster;
import org.junit.jupiter.api.Test;

/** An ensemble of three, of which one is lost in the middle of a pipeline. */
class EnsembleTest {
    private static final int BATCHES = 300;

    @Test
    void commitsSurviveTheLossOfTheServerThatTookThem() throws Exception {
        try (TestingCluster ensemble = new TestingCluster(3)) {
            ensemble.start();
            String addresses = ensemble.getConnectString();
            try (ZooKeeperClient client = ZooKeeperClient.connect(addresses, Duration.ofSeconds(10));
                    ZooKeeperStore store = new ZooKeeperStore(client)) {
                LeaderTerm term = TestTerms.begin(client);
                List<CompletableFuture<CommitOutcome>> outcomes = new ArrayList<>();
                for (int i = 0; i < BATCHES; i++) {
                    outcomes.add(store.commit(term, put(i)));
                    if (i == BATCHES / 2) {
                        get(outcomes.get(BATCHES / 4));
                        InstanceSpec taken = ensemble.findConnectionInstance(
                                client.curator().getZookeeperClient().getZooKeeper());
                        assertThat(taken).isNotNull();
                        assertThat(ensemble.killServer(taken)).isTrue();
                    }
                }
                long known = outcomes.stream()
                        .filter(outcome -> get(outcome) == CommitOutcome.COMMITTED)
                        .count();
                assertThat(known).isLessThan(BATCHES);

                Optional<Long> applied = get(store.settle(term));
                assertThat(applied)
                        .hasValueSatisfying(count -> assertThat(count).isBetween(known, (long) BATCHES));
                int next = Math.toIntExact(applied.orElseThrow());
                assertThat(get(store.commit(term, put(next)))).isEqualTo(CommitOutcome.COMMITTED);

                try (ZooKeeperClient other = ZooKeeperClient.connect(addresses);
                        ZooKeeperStore otherStore = new ZooKeeperStore(other)) {
                    await().until(other::isConnected);
                    List<RecordKey> stored = get(otherStore.readVms()).stream()
                            .map(StoredRecord::key)
                            .toList();
                    List<RecordKey> expected = new ArrayList<>();
                    for (int i = 0; i <= next; i++) {
                        expected.add(new RecordKey.VmKey(new UUID(1, i)));
                    }
                    assertThat(stored).containsExactlyInAnyOrderElementsOf(expected);
                }
            }
        }
    }

    private static WriteBatch put(int number) {
        return new WriteBatch(List.of(
                new Write.Put(new RecordKey.VmKey(new UUID(1, number)), ByteString.copyFromUtf8("vm"), Write.ABSENT)));
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(60, TimeUnit.SECONDS).join();
    }
}
