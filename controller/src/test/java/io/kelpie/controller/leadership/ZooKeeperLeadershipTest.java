package io.kelpie.controller.leadership;

import static io.kelpie.controller.store.CommitOutcome.COMMITTED;
import static io.kelpie.controller.store.CommitOutcome.OUTCOME_UNKNOWN;
import static io.kelpie.controller.store.CommitOutcome.TERM_ENDED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.kelpie.common.lease.LeaseProfile;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.server.embedded.EmbeddedZooKeeper;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.zookeeper.LossyProxy;
import io.kelpie.controller.store.zookeeper.Sessions;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperControllerSetStore;
import io.kelpie.controller.store.zookeeper.ZooKeeperStore;
import io.kelpie.controller.trust.MemoryClusterPins;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.TermRecord;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZooKeeperLeadershipTest {
    private static final RecordKey.HostKey HOST = new RecordKey.HostKey("h1");
    private static final List<String> NAMES = List.of("one", "two", "three");
    private static final List<io.kelpie.controller.model.Controller> FOUNDING = NAMES.stream()
            .map(id -> new io.kelpie.controller.model.Controller(id, address(id), true))
            .toList();
    private static final AtomicInteger clusters = new AtomicInteger();

    @TempDir
    private static Path folder;

    private static EmbeddedZooKeeper server;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private String root;

    /** One controller, with its own way to the server. */
    private final class Controller {
        final LossyProxy proxy;
        final ZooKeeperClient client;
        final ZooKeeperStore store;
        final ControllerSetView view;
        final ZooKeeperLeadership leadership;
        final RecordingListener listener = new RecordingListener();

        Controller(String id) throws Exception {
            this(new ControllerIdentity(id, address(id), FOUNDING));
        }

        Controller(String id, String folder) throws Exception {
            this(new ControllerIdentity(id, address(id), FOUNDING).heldBy(folder));
        }

        Controller(ControllerIdentity identity) throws Exception {
            proxy = new LossyProxy(server.connectString());
            opened.add(proxy);
            client = ZooKeeperClient.connect(proxy.connectString() + root);
            opened.add(client);
            store = new ZooKeeperStore(client);
            opened.add(store);
            ZooKeeperControllerSetStore setStore = new ZooKeeperControllerSetStore(client);
            opened.add(setStore);
            view = new ControllerSetView(setStore, identity);
            leadership = new ZooKeeperLeadership(
                    client, view, new MemoryClusterPins(), new ShownEpochs(), TimeSource.system());
            opened.add(leadership);
            leadership.start(listener);
            view.start();
        }

        LeaderTerm term() {
            eventually().until(() -> listener.present().isPresent());
            return listener.present().orElseThrow();
        }

        CommitOutcome put(LeaderTerm term, String value, int version) {
            return get(sendPut(term, value, version));
        }

        CompletableFuture<CommitOutcome> sendPut(LeaderTerm term, String value, int version) {
            return store.commit(
                    term, new WriteBatch(List.of(new Write.Put(HOST, ByteString.copyFromUtf8(value), version))));
        }
    }

    private static String address(String id) {
        return "10.0.0." + (NAMES.indexOf(id) + 1) + ":7400";
    }

    private static ConditionFactory eventually() {
        return await().atMost(Duration.ofSeconds(30));
    }

    private static <T> T get(CompletableFuture<T> future) {
        return future.orTimeout(30, TimeUnit.SECONDS).join();
    }

    @BeforeAll
    static void startServer() throws Exception {
        server = EmbeddedZooKeeper.start(folder, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void newCluster() {
        root = "/c" + clusters.incrementAndGet();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Test
    void theFirstTermMakesTheClusterAndNamesItsLeader() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm term = one.term();
        assertThat(term.epoch()).isEqualTo(1);
        assertThat(one.put(term, "a", Write.ABSENT)).isEqualTo(COMMITTED);

        StoredRecord cluster = get(one.store.read(new RecordKey.ClusterKey())).orElseThrow();
        ClusterRecord record = ClusterRecord.parseFrom(cluster.value());
        assertThat(record.getFormat()).isEqualTo(1);
        assertThat(UUID.fromString(record.getClusterUuid()).version()).isEqualTo(4);

        Controller two = new Controller("two");
        eventually().until(() -> two.leadership.leaderAddress().equals(Optional.of("10.0.0.1:7400")));
        eventually().until(() -> one.leadership.leaderAddress().equals(Optional.of("10.0.0.1:7400")));
        assertThat(two.listener.began()).isEmpty();

        one.leadership.resign(term);
        assertThat(two.term().epoch()).isEqualTo(2);
        eventually().until(() -> one.leadership.leaderAddress().equals(Optional.of("10.0.0.2:7400")));
        assertThat(get(two.store.read(new RecordKey.ClusterKey()))).contains(cluster);
    }

    private void commitSet(Controller leader, ControllerSet set) {
        StoredRecord present =
                get(leader.store.read(new RecordKey.ControllerSetKey())).orElseThrow();
        Write put =
                new Write.Put(present.key(), ControllerSetRecords.record(set).toByteString(), present.version());
        assertThat(get(leader.store.commit(leader.term(), new WriteBatch(List.of(put)))))
                .isEqualTo(COMMITTED);
    }

    @Test
    void oneThatIsNoMemberNeverLeadsAndOneThatIsAddedDoes() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm first = one.term();
        Controller four = new Controller(ControllerIdentity.alone("four", "10.0.0.4:7400"));
        eventually()
                .until(() -> four.view
                        .entry()
                        .filter(ControllerSet.Entry.Refused.class::isInstance)
                        .isPresent());
        one.leadership.resign(first);
        eventually().until(() -> one.listener.began().size() == 2);
        assertThat(four.listener.began()).isEmpty();

        List<io.kelpie.controller.model.Controller> members = new ArrayList<>(FOUNDING);
        members.add(new io.kelpie.controller.model.Controller("four", "10.0.0.4:7400", true));
        commitSet(one, new ControllerSet(2, members, List.of()));
        eventually()
                .until(() -> four.view
                        .latest()
                        .filter(read ->
                                Long.valueOf(2).equals(read.acknowledged().get("four")))
                        .isPresent());
        one.leadership.close();
        assertThat(four.term().epoch()).isEqualTo(3);
    }

    @Test
    void aLeaderThatIsRemovedEndsItsTermAndStandsNoMore() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm term = one.term();
        Controller two = new Controller("two");
        eventually().until(() -> two.view.set().isPresent());
        commitSet(one, new ControllerSet(2, FOUNDING.subList(1, 3), List.of()));
        LeaderTerm next = two.term();
        eventually().until(() -> one.listener.ended().equals(List.of(term)));
        two.leadership.resign(next);
        eventually().until(() -> two.listener.began().size() == 2);
        assertThat(one.listener.began()).containsExactly(term);
    }

    /** It has been removed, has not read that, and is the first in the line. */
    @Test
    void theWriteThatBeginsATermRefusesOneThatWasRemoved() throws Exception {
        Controller one = new Controller("one");
        one.term();
        commitSet(one, new ControllerSet(2, FOUNDING.subList(0, 1), List.of()));
        ZooKeeperClient other = ZooKeeperClient.connect(server.connectString() + root);
        opened.add(other);
        await().until(other::isConnected);
        TermRegister register =
                new TermRegister(other, new ControllerIdentity("two", address("two"), FOUNDING), TimeSource.system());
        assertThatThrownBy(() ->
                        register.begin(other.curator().getZookeeperClient().getZooKeeper(), Optional.empty()))
                .isInstanceOf(TermRegister.NotEntitledException.class)
                .hasMessageContaining("two is no member");
        assertThat(epochIn(other)).isEqualTo(1);
    }

    /** A copied configuration: nothing but the data folder tells the two apart. */
    @Test
    void ofTwoThatGoByOneIdOnlyTheFirstIsThatController() throws Exception {
        Controller one = new Controller("one");
        one.term();
        Controller two = new Controller("two");
        eventually().until(() -> two.view.set().isPresent());
        Controller copy = new Controller("two", "another-folder");
        eventually().until(() -> copy.view.otherHolder().isPresent());
        assertThat(copy.view.set()).isEmpty();
        one.leadership.close();
        assertThat(two.term().epoch()).isEqualTo(2);
        two.leadership.close();
        assertThat(copy.listener.began()).isEmpty();
        TermRegister register = new TermRegister(
                copy.client,
                new ControllerIdentity("two", address("two"), FOUNDING).heldBy("another-folder"),
                TimeSource.system());
        assertThatThrownBy(() -> register.begin(
                        copy.client.curator().getZookeeperClient().getZooKeeper(), Optional.empty()))
                .isInstanceOf(TermRegister.NotEntitledException.class)
                .hasMessageContaining("another data folder (two) is controller two");
    }

    @Test
    void aControllerWithOtherLeaseTimesThanItsClusterDoesNotLead() throws Exception {
        Controller one = new Controller("one");
        one.term();
        Controller two =
                new Controller(new ControllerIdentity("two", address("two"), FOUNDING).with(LeaseProfile.LARGE));
        eventually().until(() -> two.leadership.readOnly().isPresent());
        assertThat(two.leadership.readOnly().orElseThrow().fix()).contains("write leaseTimes: standard");
        one.leadership.close();
        TermRegister register = new TermRegister(two.client, two.view.self(), TimeSource.system());
        assertThatThrownBy(() ->
                        register.begin(two.client.curator().getZookeeperClient().getZooKeeper(), Optional.empty()))
                .isInstanceOf(DistrustedStoreException.class);
        assertThat(two.listener.began()).isEmpty();
    }

    /** The one that leads need not have read the set before: its term makes it the controller. */
    @Test
    void aTermTakesTheSeatOfItsController() throws Exception {
        Controller one = new Controller("one");
        one.term();
        Controller copy = new Controller("one", "another-folder");
        eventually().until(() -> copy.view.otherHolder().isPresent());
        assertThat(one.listener.ended()).isEmpty();
    }

    /** All are cut off for longer than a session lasts, and come back by themselves. */
    @Tag("real")
    @Test
    void theLossOfTheStoreEndsTheTermAndItsReturnBringsANewOne() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm old = one.term();
        List<Controller> both = List.of(one, new Controller("two"));
        eventually().until(() -> both.get(1).view.set().isPresent());
        both.forEach(controller -> controller.proxy.cut());
        eventually().until(() -> both.get(0).listener.ended().equals(List.of(old)));
        assertThat(both)
                .allSatisfy(controller -> assertThat(controller.view.set()).isPresent());
        both.forEach(controller -> controller.proxy.heal());
        eventually()
                .until(() -> both.stream()
                        .flatMap(controller -> controller.listener.present().stream())
                        .anyMatch(term -> term.epoch() > old.epoch()));
        assertThat(both)
                .allSatisfy(
                        controller -> assertThat(controller.listener.broken()).isEmpty());
    }

    @Test
    void thereIsOneTermAtATimeAndEpochsGrow() throws Exception {
        List<Controller> controllers = List.of(new Controller("one"), new Controller("two"), new Controller("three"));
        for (int round = 1; round <= 6; round++) {
            long epoch = round;
            eventually()
                    .until(() -> controllers.stream()
                            .flatMap(controller -> controller.listener.present().stream())
                            .anyMatch(term -> term.epoch() == epoch));
            List<Controller> leading = controllers.stream()
                    .filter(controller -> controller.listener.present().isPresent())
                    .toList();
            assertThat(leading).hasSize(1);
            leading.get(0).leadership.resign(leading.get(0).term());
        }
        assertThat(controllers).allSatisfy(controller -> {
            assertThat(controller.listener.broken()).isEmpty();
            assertThat(controller.listener.began()).isNotEmpty();
        });
    }

    @Test
    void aControllerAloneLeadsAgainAfterItResigned() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm first = one.term();
        assertThat(one.put(first, "a", Write.ABSENT)).isEqualTo(COMMITTED);
        one.leadership.resign(first);
        eventually().until(() -> one.listener.began().size() == 2);
        LeaderTerm second = one.term();
        assertThat(second.epoch()).isEqualTo(2);
        one.leadership.resign(first);
        assertThat(one.put(second, "b", 0)).isEqualTo(COMMITTED);
        assertThat(one.put(first, "c", 1)).isEqualTo(TERM_ENDED);
        assertThat(one.listener.ended()).containsExactly(first);
        assertThat(one.listener.broken()).isEmpty();
    }

    @Test
    void aLostSessionEndsTheTermAndAnotherControllerLeads() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm old = one.term();
        assertThat(one.put(old, "a", Write.ABSENT)).isEqualTo(COMMITTED);
        Controller two = new Controller("two");
        eventually().until(() -> two.leadership.leaderAddress().isPresent());

        Sessions.kill(one.client, server.connectString());
        LeaderTerm next = two.term();
        assertThat(next.epoch()).isEqualTo(2);
        eventually().until(() -> one.listener.ended().equals(List.of(old)));
        assertThat(two.put(next, "b", 0)).isEqualTo(COMMITTED);

        // The old term has no way to write any more, in the old session or in a new one.
        assertThat(one.put(old, "c", 1)).isIn(OUTCOME_UNKNOWN, TERM_ENDED);
        assertThat(get(one.store.settle(old))).isEmpty();
        assertThat(get(two.store.read(HOST)).orElseThrow().value().toStringUtf8())
                .isEqualTo("b");

        two.leadership.resign(next);
        assertThat(one.term().epoch()).isEqualTo(3);
    }

    /** So that what a leader writes and proves until its last moment does not keep its place for longer. */
    @Test
    void thePlaceInTheLineBelongsToASessionThatCarriesNothingElse() throws Exception {
        Controller one = new Controller("one");
        one.term();
        var zooKeeper = one.client.curator();
        String line = one.client.layout().election();
        List<String> places = zooKeeper.getChildren().forPath(line);
        assertThat(places).hasSize(1);
        long owner = zooKeeper.checkExists().forPath(line + "/" + places.get(0)).getEphemeralOwner();
        assertThat(owner)
                .isNotZero()
                .isNotEqualTo(zooKeeper.getZookeeperClient().getZooKeeper().getSessionId());
    }

    /** Deposed between its plan and its commit: connected, in a live session, and unaware. */
    @Test
    void zooKeeperRefusesTheCommitsOfADeposedLeader() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm old = one.term();
        assertThat(one.put(old, "a", Write.ABSENT)).isEqualTo(COMMITTED);

        ZooKeeperClient other = ZooKeeperClient.connect(server.connectString() + root);
        opened.add(other);
        LeaderTerm next = TestTerms.begin(other, new ControllerIdentity("two", address("two"), FOUNDING));
        assertThat(next.epoch()).isEqualTo(2);

        List<CompletableFuture<CommitOutcome>> late =
                List.of(one.sendPut(old, "b", 0), one.sendPut(old, "c", 0), one.sendPut(old, "d", 0));
        assertThat(late).allSatisfy(outcome -> assertThat(get(outcome)).isEqualTo(TERM_ENDED));
        assertThat(get(one.store.prove(old))).isEqualTo(TERM_ENDED);
        ZooKeeperStore otherStore = new ZooKeeperStore(other);
        opened.add(otherStore);
        assertThat(get(otherStore.read(HOST)).orElseThrow().value().toStringUtf8())
                .isEqualTo("a");

        // It sees the later term too, and stands again; the latch is still its own.
        eventually().until(() -> one.listener.ended().equals(List.of(old)));
        eventually().until(() -> one.listener.began().size() == 2);
        assertThat(one.term().epoch()).isEqualTo(3);
    }

    @Test
    void aSuspendedConnectionDoesNotEndTheTerm() throws Exception {
        Controller one = new Controller("one");
        Controller two = new Controller("two");
        eventually()
                .until(() -> one.listener.present().isPresent()
                        || two.listener.present().isPresent());
        Controller leader = one.listener.present().isPresent() ? one : two;
        LeaderTerm term = leader.term();
        assertThat(leader.put(term, "a", Write.ABSENT)).isEqualTo(COMMITTED);

        leader.proxy.cut();
        eventually().until(() -> !leader.store.isConnected());
        assertThat(leader.put(term, "b", 0)).isEqualTo(OUTCOME_UNKNOWN);
        CompletableFuture<Optional<Long>> settled = leader.store.settle(term);
        leader.proxy.heal();
        assertThat(get(settled)).contains(1L);
        assertThat(leader.put(term, "c", 0)).isEqualTo(COMMITTED);
        assertThat(leader.listener.present()).contains(term);
        assertThat(leader.listener.began()).hasSize(1);
    }

    /** Cut off in silence, as a partition does: the old leader believes in its term longer than the servers do. */
    @Tag("real")
    @Test
    void aLeaderThatIsCutOffLosesItsTermToAnother() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm old = one.term();
        assertThat(one.put(old, "a", Write.ABSENT)).isEqualTo(COMMITTED);
        Controller two = new Controller("two");
        one.proxy.swallowRequests();
        one.proxy.swallowReplies();
        CompletableFuture<CommitOutcome> late = one.sendPut(old, "late", 0);
        LeaderTerm next = two.term();
        assertThat(two.put(next, "b", 0)).isEqualTo(COMMITTED);
        assertThat(get(late)).isEqualTo(OUTCOME_UNKNOWN);
        eventually().until(() -> one.listener.ended().equals(List.of(old)));
        one.proxy.reconnect();
        assertThat(get(one.store.settle(old))).isEmpty();
        assertThat(get(two.store.read(HOST)).orElseThrow().value().toStringUtf8())
                .isEqualTo("b");
        assertThat(two.listener.present()).contains(next);
    }

    /** The write that begins a term can succeed and its answer be lost. */
    @Test
    void aTermWhoseAnswerWasLostIsFoundAgain() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm first = one.term();
        one.proxy.swallowRepliesFrom(one.client.layout().term() + "/2-");
        one.leadership.resign(first);
        ZooKeeperClient observer = ZooKeeperClient.connect(server.connectString() + root);
        opened.add(observer);
        eventually().until(() -> epochIn(observer) == 2);
        assertThat(one.listener.began()).containsExactly(first);
        one.proxy.reconnect();
        LeaderTerm second = one.term();
        assertThat(second.epoch()).isEqualTo(2);
        assertThat(one.put(second, "a", Write.ABSENT)).isEqualTo(COMMITTED);
        assertThat(epochIn(observer)).isEqualTo(2);
    }

    private static long epochIn(ZooKeeperClient client) throws Exception {
        await().until(client::isConnected);
        ZooKeeper zooKeeper = client.curator().getZookeeperClient().getZooKeeper();
        return TermRecord.parseFrom(zooKeeper.getData(client.layout().term(), false, new Stat()))
                .getEpoch();
    }

    @Test
    void closingMakesWayAtOnce() throws Exception {
        Controller one = new Controller("one");
        LeaderTerm term = one.term();
        Controller two = new Controller("two");
        eventually().until(() -> two.leadership.leaderAddress().isPresent());
        one.leadership.close();
        assertThat(one.listener.ended()).containsExactly(term);
        // Well below the session's timeout: it does not have to run out.
        await().atMost(Duration.ofSeconds(2)).until(() -> two.listener.present().isPresent());
        assertThat(two.term().epoch()).isEqualTo(2);
    }

    @Test
    void startsBeforeTheServersDo() throws Exception {
        LossyProxy proxy = new LossyProxy(server.connectString());
        opened.add(proxy);
        proxy.cut();
        ZooKeeperClient client = ZooKeeperClient.connect(proxy.connectString() + root);
        opened.add(client);
        ZooKeeperControllerSetStore setStore = new ZooKeeperControllerSetStore(client);
        opened.add(setStore);
        ControllerSetView view = new ControllerSetView(setStore, ControllerIdentity.alone("one", "10.0.0.1:7400"));
        view.start();
        ZooKeeperLeadership leadership =
                new ZooKeeperLeadership(client, view, new MemoryClusterPins(), new ShownEpochs(), TimeSource.system());
        opened.add(leadership);
        RecordingListener listener = new RecordingListener();
        leadership.start(listener);
        assertThat(listener.present()).isEmpty();
        proxy.heal();
        eventually().until(() -> listener.present().isPresent());
    }
}
