package io.kelpie.controller.leadership;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperLayout;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.TermRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;

/**
 * Begins terms in ZooKeeper. One write does all of it: {@code /term} gets the new record, the fence of the term before
 * goes, and the fence of the new one comes. It is guarded by {@code /term}'s version, so of several controllers that try
 * one succeeds, and by the old fence's being there, so whatever the old term still has under way is refused from then
 * on.
 *
 * <p>The fences' names carry a nonce, another for each term: so after a lost answer the term that this attempt began can
 * be told from any other, also from one of a process that goes by the same controller id. Calls wait for ZooKeeper; not
 * thread-safe.
 */
final class TermRegister {
    private static final int FORMAT = 1;
    private static final byte[] NOTHING = {};

    private final ZooKeeperClient client;
    private final ZooKeeperLayout layout;
    private final String controllerId;
    private final String address;
    private final TimeSource time;
    private String nonce = newNonce();

    TermRegister(ZooKeeperClient client, String controllerId, String address, TimeSource time) {
        this.client = client;
        this.layout = client.layout();
        this.controllerId = controllerId;
        this.address = address;
        this.time = time;
    }

    /**
     * One attempt to begin a term. Makes the cluster's record first, if there is none.
     *
     * @return the term, if it is known to have begun
     * @throws KeeperException if it is not known. To be called again then, with the same session: it finds out what
     *     became of the attempt, as the next one conflicts with it
     */
    LeaderTerm begin(ZooKeeper session) throws KeeperException, InterruptedException, InvalidProtocolBufferException {
        makeFolders(session);
        makeCluster(session);
        sync(session);
        Stat stat = session.exists(layout.term(), false);
        LeaderTerm begun = stat == null ? beginFirst(session) : beginNext(session);
        nonce = newNonce();
        return begun;
    }

    private static String newNonce() {
        return UUID.randomUUID().toString();
    }

    private LeaderTerm beginFirst(ZooKeeper session) throws KeeperException, InterruptedException {
        LeaderTerm term = term(1);
        session.multi(List.of(
                Op.create(layout.term(), record(1), client.acl(), CreateMode.PERSISTENT),
                Op.create(layout.fence(term, 0), NOTHING, client.acl(), CreateMode.PERSISTENT)));
        return term;
    }

    private LeaderTerm beginNext(ZooKeeper session)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException {
        // The fences are read after the record: if a term begins in between, the record's version refuses the write.
        Stat stat = new Stat();
        TermRecord last = parse(session.getData(layout.term(), false, stat));
        List<String> fences = session.getChildren(layout.term(), false);
        LeaderTerm ours = term(last.getEpoch());
        if (fences.contains(ours.fence() + "-0")) {
            // An earlier attempt succeeded, and its answer was lost.
            return ours;
        }
        LeaderTerm next = term(last.getEpoch() + 1);
        List<Op> operations = new ArrayList<>();
        operations.add(Op.setData(layout.term(), record(next.epoch()), stat.getVersion()));
        for (String fence : fences) {
            operations.add(Op.delete(layout.term() + "/" + fence, -1));
        }
        operations.add(Op.create(layout.fence(next, 0), NOTHING, client.acl(), CreateMode.PERSISTENT));
        session.multi(operations);
        return next;
    }

    private LeaderTerm term(long epoch) {
        return new LeaderTerm(epoch, epoch + "-" + nonce);
    }

    private byte[] record(long epoch) {
        return TermRecord.newBuilder()
                .setFormat(FORMAT)
                .setEpoch(epoch)
                .setControllerId(controllerId)
                .setAddress(address)
                .setBeganAtMillis(time.wallMillis())
                .build()
                .toByteArray();
    }

    /** Reads a term's record; fails on a record of a later format rather than guess what it means. */
    static TermRecord parse(byte[] data) throws InvalidProtocolBufferException {
        TermRecord record = TermRecord.parseFrom(data);
        if (record.getFormat() != FORMAT) {
            throw new InvalidProtocolBufferException(
                    "the term's record has format " + record.getFormat() + ", this controller knows " + FORMAT);
        }
        return record;
    }

    private void makeFolders(ZooKeeper session) throws KeeperException, InterruptedException {
        String root = layout.root();
        for (int slash = root.indexOf('/', 1); !root.isEmpty(); slash = root.indexOf('/', slash + 1)) {
            String folder = slash < 0 ? root : root.substring(0, slash);
            makeIfAbsent(session, folder, NOTHING);
            if (slash < 0) {
                return;
            }
        }
    }

    private void makeCluster(ZooKeeper session) throws KeeperException, InterruptedException {
        if (session.exists(layout.cluster(), false) != null) {
            return;
        }
        ClusterRecord cluster = ClusterRecord.newBuilder()
                .setFormat(FORMAT)
                .setClusterUuid(UUID.randomUUID().toString())
                .setCreatedAtMillis(time.wallMillis())
                .build();
        makeIfAbsent(session, layout.cluster(), cluster.toByteArray());
    }

    private void makeIfAbsent(ZooKeeper session, String path, byte[] data)
            throws KeeperException, InterruptedException {
        try {
            session.create(path, data, client.acl(), CreateMode.PERSISTENT);
        } catch (KeeperException.NodeExistsException alreadyThere) {
            // As it should be; whoever made it.
            return;
        }
    }

    private void sync(ZooKeeper session) throws KeeperException, InterruptedException {
        CompletableFuture<Integer> code = new CompletableFuture<>();
        session.sync(layout.cluster(), (result, path, context) -> code.complete(result), null);
        try {
            Code result = Optional.ofNullable(Code.get(code.get())).orElse(Code.SYSTEMERROR);
            if (result != Code.OK) {
                throw KeeperException.create(result, layout.cluster());
            }
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
