package io.kelpie.controller.leadership;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoreSurgery;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperLayout;
import io.kelpie.controller.trust.StoreHead;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;
import io.kelpie.proto.v1.TermRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/**
 * {@link StoreSurgery} in ZooKeeper. The mark is {@code /restore}: each batch checks its version, so a restore that was
 * taken over by another cannot write any more. Beginning removes the fences of the present term, which ends it.
 */
public final class ZooKeeperSurgery implements StoreSurgery {
    private static final int FORMAT = 1;
    private static final byte[] NOTHING = {};

    private final ZooKeeperClient client;
    private final ZooKeeperLayout layout;
    private final TermRegister register;
    private final ControllerIdentity self;
    private final TimeSource time;
    private final Set<String> knownFolders = new HashSet<>();
    private int markVersion;

    public ZooKeeperSurgery(ZooKeeperClient client, ControllerIdentity self, TimeSource time) {
        this.client = client;
        this.layout = client.layout();
        this.register = new TermRegister(client, self, time);
        this.self = self;
        this.time = time;
    }

    private interface Work<T> {
        T in(ZooKeeper session) throws KeeperException, InterruptedException, InvalidProtocolBufferException;
    }

    private <T> T with(String what, Work<T> work) {
        if (!client.isConnected()) {
            throw new StoreUnavailableException("cannot " + what, new IllegalStateException("not connected"));
        }
        try {
            return work.in(client.curator().getZookeeperClient().getZooKeeper());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailableException("interrupted while it was to " + what, interrupted);
        } catch (RuntimeException defect) {
            throw defect;
        } catch (Exception failed) {
            throw new StoreUnavailableException("cannot " + what, failed);
        }
    }

    @Override
    public StoreHead look() {
        return with("look at the store", session -> register.look(session).head());
    }

    @Override
    public void begin(RestoreRecord mark, StoreHead seen) {
        with("mark the store", session -> {
            register.makeFolders(session);
            knownFolders.clear();
            StoreHead now = register.look(session).head();
            if (!now.equals(seen)) {
                throw new KeeperException.BadVersionException(layout.cluster());
            }
            List<Op> operations = new ArrayList<>();
            Stat markStat = session.exists(layout.restore(), false);
            if (markStat == null) {
                operations.add(Op.create(layout.restore(), mark.toByteArray(), client.acl(), CreateMode.PERSISTENT));
            } else {
                operations.add(Op.setData(layout.restore(), mark.toByteArray(), markStat.getVersion()));
            }
            Stat term = session.exists(layout.term(), false);
            if (term != null) {
                operations.add(Op.check(layout.term(), term.getVersion()));
                for (String fence : session.getChildren(layout.term(), false)) {
                    operations.add(Op.delete(layout.term() + "/" + fence, -1));
                }
            }
            session.multi(operations);
            markVersion = markStat == null ? 0 : markStat.getVersion() + 1;
            return true;
        });
    }

    @Override
    public void apply(WriteBatch batch) {
        with("write records", session -> {
            List<Op> operations = new ArrayList<>();
            operations.add(Op.check(layout.restore(), markVersion));
            for (Write write : batch.writes()) {
                String path = layout.record(write.key());
                if (write instanceof Write.Put put && put.expectedVersion() == Write.ABSENT) {
                    makeFoldersOf(session, put.key());
                    operations.add(Op.create(path, put.value().toByteArray(), client.acl(), CreateMode.PERSISTENT));
                } else if (write instanceof Write.Put put) {
                    operations.add(Op.setData(path, put.value().toByteArray(), put.expectedVersion()));
                } else if (write instanceof Write.Delete delete) {
                    operations.add(Op.delete(path, delete.expectedVersion()));
                }
            }
            session.multi(operations);
            return true;
        });
    }

    private void makeFoldersOf(ZooKeeper session, RecordKey key) throws KeeperException, InterruptedException {
        for (String folder : layout.foldersOf(key)) {
            if (knownFolders.add(folder)) {
                register.makeIfAbsent(session, folder, NOTHING);
            }
        }
    }

    @Override
    public void finish(ClusterRecord cluster, long epoch) {
        with("finish the restore", session -> {
            List<Op> operations = new ArrayList<>();
            operations.add(Op.delete(layout.restore(), markVersion));
            operations.add(put(session, layout.cluster(), cluster.toByteArray()));
            byte[] term = TermRecord.newBuilder()
                    .setFormat(FORMAT)
                    .setEpoch(epoch)
                    .setControllerId(self.id())
                    .setBeganAtMillis(time.wallMillis())
                    .build()
                    .toByteArray();
            operations.add(put(session, layout.term(), term));
            session.multi(operations);
            return true;
        });
    }

    private Op put(ZooKeeper session, String path, byte[] value) throws KeeperException, InterruptedException {
        Stat stat = session.exists(path, false);
        return stat == null
                ? Op.create(path, value, client.acl(), CreateMode.PERSISTENT)
                : Op.setData(path, value, stat.getVersion());
    }
}
