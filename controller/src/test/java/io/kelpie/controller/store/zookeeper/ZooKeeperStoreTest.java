package io.kelpie.controller.store.zookeeper;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.OUTCOME_UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.leadership.TestTerms;
import io.kelpie.controller.server.embedded.EmbeddedZooKeeper;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.ClusterStoreContract;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.RecordKey.HostKey;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZooKeeperStoreTest extends ClusterStoreContract {
    private static final HostKey HOST = new HostKey("h1");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final AtomicInteger clusters = new AtomicInteger();

    @TempDir
    private static Path folder;

    private static EmbeddedZooKeeper server;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private String root;
    private LossyProxy proxy;
    private ZooKeeperClient direct;

    @BeforeAll
    static void startServer() throws Exception {
        server = EmbeddedZooKeeper.start(folder, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void connect() throws Exception {
        root = "/clusters/c" + clusters.incrementAndGet();
        proxy = new LossyProxy(server.connectString());
        direct = ZooKeeperClient.connect(server.connectString() + root);
        opened.add(proxy);
        opened.add(direct);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Override
    protected ClusterStore newStore() {
        return newStore(newClient());
    }

    private ZooKeeperClient newClient() {
        // Longer than in production: with one server ZooKeeper's client tries again only every 1 to 2 s.
        ZooKeeperClient client = ZooKeeperClient.connect(proxy.connectString() + root, Duration.ofSeconds(15));
        opened.add(client);
        await().until(client::isConnected);
        return client;
    }

    private ZooKeeperStore newStore(ZooKeeperClient client) {
        ZooKeeperStore store = new ZooKeeperStore(client);
        opened.add(store);
        return store;
    }

    @Override
    protected LeaderTerm beginTerm() {
        return TestTerms.begin(direct);
    }

    @Override
    protected CommitOutcome commitAndLoseAnswer(ClusterStore store, LeaderTerm term, WriteBatch batch) {
        int before = fenceVersion();
        proxy.swallowReplies();
        CompletableFuture<CommitOutcome> outcome = store.commit(term, batch);
        await().until(() -> fenceVersion() == before + 1);
        proxy.reconnect();
        return get(outcome);
    }

    @Override
    protected CommitOutcome commitAndLoseRequest(ClusterStore store, LeaderTerm term, WriteBatch batch) {
        proxy.swallowRequests();
        CompletableFuture<CommitOutcome> outcome = store.commit(term, batch);
        proxy.cut();
        CommitOutcome told = get(outcome);
        proxy.heal();
        return told;
    }

    private ZooKeeper zooKeeper() {
        try {
            return direct.curator().getZookeeperClient().getZooKeeper();
        } catch (Exception cause) {
            throw new AssertionError(cause);
        }
    }

    private int fenceVersion() {
        String term = direct.layout().term();
        try {
            List<String> fences = zooKeeper().getChildren(term, false);
            assertThat(fences).hasSize(1);
            Stat stat = zooKeeper().exists(term + "/" + fences.get(0), false);
            return stat.getVersion();
        } catch (Exception cause) {
            throw new AssertionError(cause);
        }
    }

    @Test
    void aCommitWithoutConnectionReturnsAtOnceAndIsUnknown() {
        ZooKeeperStore store = newStore(newClient());
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        proxy.cut();
        await().until(() -> !store.isConnected());
        CompletableFuture<CommitOutcome> committed = store.commit(term, batch(put(HOST, "b", 0)));
        CompletableFuture<CommitOutcome> proved = store.prove(term);
        assertThatThrownBy(() -> get(store.readHosts()))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(StoreUnavailableException.class);
        assertThat(get(committed)).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(get(proved)).isEqualTo(OUTCOME_UNKNOWN);

        CompletableFuture<Optional<Long>> settled = store.settle(term);
        proxy.heal();
        assertThat(get(settled)).contains(1L);
        assertThat(get(store.commit(term, batch(put(HOST, "c", 0))))).isEqualTo(COMMITTED);
    }

    @Test
    void aStoreThatWasNeverConnectedSendsNothingAndSettlesLater() {
        proxy.cut();
        ZooKeeperClient client = ZooKeeperClient.connect(proxy.connectString() + root);
        opened.add(client);
        ZooKeeperStore store = newStore(client);
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(OUTCOME_UNKNOWN);
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        proxy.heal();
        assertThat(get(settled)).contains(0L);
        assertThat(get(store.readHosts())).isEmpty();
    }

    @Test
    void settlingWaitsForTheConnectionButNotLongerThanTheSession() throws Exception {
        ZooKeeperClient client = newClient();
        ZooKeeperStore store = newStore(client);
        LeaderTerm term = beginTerm();
        assertThat(commitAndLoseAnswer(store, term, batch(put(HOST, "a", Write.ABSENT))))
                .isEqualTo(OUTCOME_UNKNOWN);
        proxy.cut();
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        assertThat(settled).isNotDone();
        Sessions.kill(client, server.connectString());
        proxy.heal();
        assertThat(settled).succeedsWithin(PATIENCE);
        assertThat(settled.join()).isEmpty();
    }

    /** The answer to the settling write itself can be lost. */
    @Test
    void settlingIsSettledToo() {
        ZooKeeperStore store = newStore(newClient());
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        assertThat(commitAndLoseAnswer(store, term, batch(put(HOST, "b", 0)))).isEqualTo(OUTCOME_UNKNOWN);

        proxy.swallowRepliesFrom(direct.layout().fence(term, 1));
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        await().until(() -> zooKeeper().exists(direct.layout().fence(term, 1), false) != null);
        assertThat(settled).isNotDone();
        proxy.reconnect();
        assertThat(get(settled)).contains(2L);
        assertThat(get(store.commit(term, batch(put(HOST, "c", 1))))).isEqualTo(COMMITTED);
        assertThat(get(store.settle(term))).contains(3L);
    }

    @Test
    void aSessionThatEndsLeavesItsTermWithoutAWayToWrite() throws Exception {
        ZooKeeperClient client = newClient();
        ZooKeeperStore store = newStore(client);
        LeaderTerm term = beginTerm();
        assertThat(get(store.commit(term, batch(put(HOST, "a", Write.ABSENT))))).isEqualTo(COMMITTED);
        ZooKeeper session = client.curator().getZookeeperClient().getZooKeeper();
        Sessions.kill(client, server.connectString());
        await().until(() -> !session.getState().isAlive());
        await().until(client::isConnected);

        // The client has a new session; the term must not slip into it.
        assertThat(get(store.commit(term, batch(put(HOST, "b", 0))))).isEqualTo(OUTCOME_UNKNOWN);
        assertThat(get(store.settle(term))).isEmpty();
        assertThat(get(store.read(HOST))).contains(record(HOST, "a", 0));
        assertThat(get(store.commit(beginTerm(), batch(put(HOST, "c", 0))))).isEqualTo(COMMITTED);
    }

    @Test
    void leavesOutWhatIsNoRecord() throws Exception {
        ZooKeeperStore store = newStore(newClient());
        LeaderTerm term = beginTerm();
        RecordKey key = vm(1);
        get(store.commit(term, batch(put(key, "a", Write.ABSENT))));
        String shard = direct.layout().record(key).replaceAll("/[^/]*$", "");
        zooKeeper().create(shard + "/notes", new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        assertThat(get(store.readVms())).containsExactly(record(key, "a", 0));
    }

    @Test
    void closingEndsWhatWaits() {
        ZooKeeperStore store = newStore(newClient());
        LeaderTerm term = beginTerm();
        get(store.commit(term, batch()));
        proxy.cut();
        await().until(() -> !store.isConnected());
        CompletableFuture<Optional<Long>> settled = store.settle(term);
        store.close();
        assertThat(get(settled)).isEmpty();
        assertThatThrownBy(() -> get(store.readVms()))
                .isInstanceOf(CompletionException.class)
                .hasCauseInstanceOf(StoreUnavailableException.class);
    }

    @Test
    void twoClustersOnOneEnsembleDoNotMeet() {
        ZooKeeperStore store = newStore(newClient());
        get(store.commit(beginTerm(), batch(put(HOST, "a", Write.ABSENT))));
        ZooKeeperClient other = ZooKeeperClient.connect(server.connectString() + root + "-other");
        opened.add(other);
        LeaderTerm term = TestTerms.begin(other);
        assertThat(term.epoch()).isEqualTo(1);
        assertThat(get(newStore(other).readHosts())).isEmpty();
    }
}
