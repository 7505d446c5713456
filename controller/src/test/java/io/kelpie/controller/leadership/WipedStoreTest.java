package io.kelpie.controller.leadership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.backup.BackupHeader;
import io.kelpie.controller.backup.BackupRecord;
import io.kelpie.controller.backup.BackupWriter;
import io.kelpie.controller.backup.Restore;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.server.embedded.EmbeddedZooKeeper;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperControllerSetStore;
import io.kelpie.controller.store.zookeeper.ZooKeeperStore;
import io.kelpie.controller.trust.ClusterPin;
import io.kelpie.controller.trust.FileClusterPins;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.HostRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.zookeeper.ZooKeeper;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real ZooKeeper that loses its disks, comes back older, or is replaced, under controllers that go on. */
@Tag("real")
class WipedStoreTest {
    private static final RecordKey.HostKey HOST = new RecordKey.HostKey("h1");

    @TempDir
    private Path folder;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private EmbeddedZooKeeper server;
    private int port;

    /** One controller, whose folder outlives it. */
    private final class Controller implements AutoCloseable {
        final FileClusterPins pins;
        final ZooKeeperClient client;
        final ZooKeeperStore store;
        final ZooKeeperControllerSetStore setStore;
        final ControllerSetView view;
        final ShownEpochs shown = new ShownEpochs();
        final ZooKeeperLeadership leadership;
        final RecordingListener listener = new RecordingListener();
        final ControllerIdentity self = ControllerIdentity.alone("one", "10.0.0.1:7400");

        Controller() throws Exception {
            Path data = Files.createDirectories(folder.resolve("one"));
            pins = FileClusterPins.open(data);
            client = ZooKeeperClient.connect("127.0.0.1:" + port);
            store = new ZooKeeperStore(client);
            setStore = new ZooKeeperControllerSetStore(client);
            view = new ControllerSetView(setStore, self);
            leadership = new ZooKeeperLeadership(client, view, pins, shown, TimeSource.system());
            leadership.start(listener);
            view.start();
        }

        LeaderTerm term() {
            eventually().until(() -> listener.present().isPresent());
            return listener.present().orElseThrow();
        }

        ReadOnly readOnly() {
            eventually().until(() -> leadership.readOnly().isPresent());
            return leadership.readOnly().orElseThrow();
        }

        CommitOutcome put(LeaderTerm term, int version) {
            HostRecord record = HostRecord.newBuilder()
                    .setFormat(1)
                    .setHostId("h1")
                    .setName("h1")
                    .build();
            return store.commit(term, new WriteBatch(List.of(new Write.Put(HOST, record.toByteString(), version))))
                    .orTimeout(30, TimeUnit.SECONDS)
                    .join();
        }

        Restore restore() {
            return new Restore(
                    new ZooKeeperSurgery(client, self, TimeSource.system()),
                    store,
                    pins,
                    shown,
                    leadership::readOnly,
                    view::set,
                    self,
                    TimeSource.system());
        }

        List<String> rootNodes() throws Exception {
            ZooKeeper session = client.curator().getZookeeperClient().getZooKeeper();
            return session.getChildren("/", false);
        }

        @Override
        public void close() {
            leadership.close();
            setStore.close();
            store.close();
            client.close();
        }
    }

    private static ConditionFactory eventually() {
        return await().atMost(Duration.ofSeconds(60));
    }

    @BeforeEach
    void startServer() throws Exception {
        server = EmbeddedZooKeeper.start(
                folder.resolve("zookeeper"), new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        String address = server.connectString();
        port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        server.close();
    }

    private Controller controller() throws Exception {
        Controller controller = new Controller();
        opened.add(controller);
        return controller;
    }

    private void restart(Path data) throws Exception {
        server = EmbeddedZooKeeper.start(data, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    private Path backup(UUID cluster, long epoch) throws IOException {
        Path file = folder.resolve("backup");
        try (OutputStream out = Files.newOutputStream(file)) {
            BackupWriter writer = new BackupWriter(out, new BackupHeader(cluster, epoch, 1));
            writer.write(new BackupRecord(
                    new RecordKey.ClusterKey(),
                    ClusterRecord.newBuilder()
                            .setFormat(1)
                            .setClusterUuid(cluster.toString())
                            .build()
                            .toByteString()));
            writer.write(new BackupRecord(
                    new RecordKey.HostKey("h7"),
                    HostRecord.newBuilder()
                            .setFormat(1)
                            .setHostId("h7")
                            .setName("h7")
                            .build()
                            .toByteString()));
            writer.end();
        }
        return file;
    }

    @Test
    void anEnsembleThatLostItsDisksIsNeverWrittenUntilAnOperatorDecides() throws Exception {
        Controller first = controller();
        LeaderTerm term = first.term();
        for (int version = Write.ABSENT; version < 50; version++) {
            assertThat(first.put(term, version)).isEqualTo(CommitOutcome.COMMITTED);
        }
        ClusterPin pin = first.pins.get().orElseThrow();
        assertThat(pin.epoch()).isEqualTo(1);

        server.close();
        restart(folder.resolve("wiped"));

        assertThat(first.readOnly().kind()).isEqualTo(ReadOnly.Kind.EMPTY);
        assertThat(first.listener.present()).isEmpty();
        assertThat(first.rootNodes()).doesNotContain("cluster", "term", "controllers", "hosts");
        assertThat(first.view.set())
                .as("what it read before, for hosts that ask")
                .isPresent();

        first.close();
        opened.remove(first);
        Controller second = controller();
        assertThat(second.readOnly().kind()).as("also after its own restart").isEqualTo(ReadOnly.Kind.EMPTY);
        assertThat(second.rootNodes()).doesNotContain("cluster", "term");

        Restore.Restored restored = second.restore().run(backup(pin.cluster(), 1));
        assertThat(restored.epoch()).isGreaterThan(pin.epoch());
        assertThat(second.term().epoch()).isGreaterThan(restored.epoch());
        assertThat(second.leadership.readOnly()).isEmpty();
        assertThat(second.store.readHosts().join()).hasSize(1);
        assertThat(second.store.read(new RecordKey.HostKey("h7")).join()).isPresent();
    }

    @Test
    void anEmptyEnsembleThatIsAcceptedGoesOnAsTheSameCluster() throws Exception {
        Controller one = controller();
        LeaderTerm term = one.term();
        assertThat(one.put(term, Write.ABSENT)).isEqualTo(CommitOutcome.COMMITTED);
        UUID cluster = one.pins.get().orElseThrow().cluster();
        KelpieException refused = (KelpieException) catchThrowableOfType(
                        java.util.concurrent.CompletionException.class,
                        () -> one.leadership.acceptStore().join())
                .getCause();
        assertThat(refused).hasMessageContaining("already trusts");

        server.close();
        restart(folder.resolve("wiped"));
        one.readOnly();
        one.shown.note(cluster, 5_000);
        Leadership.Accepted accepted =
                one.leadership.acceptStore().orTimeout(30, TimeUnit.SECONDS).join();
        assertThat(accepted.cluster()).isEqualTo(cluster);
        assertThat(accepted.epoch()).isGreaterThan(5_000);
        assertThat(one.term().epoch()).isGreaterThan(accepted.epoch());
        ClusterRecord record = ClusterRecord.parseFrom(
                one.store.read(new RecordKey.ClusterKey()).join().orElseThrow().value());
        assertThat(record.getRecoveryEpoch()).isEqualTo(accepted.epoch());
        assertThat(one.pins.get().orElseThrow().epoch()).isGreaterThan(accepted.epoch());
    }

    @Test
    void anOlderStateOfTheSameEnsembleIsNotLed() throws Exception {
        Controller one = controller();
        one.term();
        server.close();
        copy(folder.resolve("zookeeper"), folder.resolve("older"));
        restart(folder.resolve("zookeeper"));
        LeaderTerm second = one.term();
        eventually().until(() -> one.listener.present().map(LeaderTerm::epoch).orElse(0L) >= 1);
        one.leadership.resign(one.term());
        eventually()
                .until(() -> one.listener
                        .present()
                        .map(term -> term.epoch() > second.epoch())
                        .orElse(false));
        long highest = one.term().epoch();

        server.close();
        restart(folder.resolve("older"));
        ReadOnly why = one.readOnly();
        assertThat(why.kind()).isEqualTo(ReadOnly.Kind.OLDER);
        assertThat(one.pins.get().orElseThrow().epoch()).isEqualTo(highest);

        server.close();
        restart(folder.resolve("zookeeper"));
        assertThat(one.term().epoch()).as("the right store is back").isGreaterThanOrEqualTo(highest);
        assertThat(one.leadership.readOnly()).isEmpty();
    }

    @Test
    void aHalfRestoredStoreIsLedByNobodyNotEvenByANewController() throws Exception {
        Controller one = controller();
        one.term();
        UUID cluster = one.pins.get().orElseThrow().cluster();
        ZooKeeperSurgery surgery = new ZooKeeperSurgery(one.client, one.self, TimeSource.system());
        LeaderTerm deposed = one.term();
        surgery.begin(
                io.kelpie.proto.v1.RestoreRecord.newBuilder()
                        .setFormat(1)
                        .setClusterUuid(cluster.toString())
                        .setControllerId("one")
                        .setBackupSha256(ByteString.EMPTY)
                        .build(),
                surgery.look());
        assertThat(one.put(deposed, Write.ABSENT)).isEqualTo(CommitOutcome.TERM_ENDED);
        one.leadership.resign(deposed);
        assertThat(one.readOnly().kind()).isEqualTo(ReadOnly.Kind.HALF_RESTORED);
        assertThat(catchThrowableOfType(
                                java.util.concurrent.CompletionException.class,
                                () -> one.leadership.acceptStore().join())
                        .getCause())
                .hasMessageContaining("part of a backup");
        one.restore().run(backup(cluster, 1));
        assertThat(one.term().epoch()).isGreaterThan(1);
        assertThat(one.leadership.readOnly()).isEqualTo(Optional.empty());
    }
}
