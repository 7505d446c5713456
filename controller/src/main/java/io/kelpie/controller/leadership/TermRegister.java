package io.kelpie.controller.leadership;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.id.Uuids;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.Seat;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.zookeeper.SeatText;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.store.zookeeper.ZooKeeperLayout;
import io.kelpie.controller.trust.ClusterPin;
import io.kelpie.controller.trust.StoreHead;
import io.kelpie.controller.trust.StoreTrust;
import io.kelpie.controller.trust.StoreVerdict;
import io.kelpie.controller.trust.UnseenNumbers;
import io.kelpie.proto.v1.ClusterRecord;
import io.kelpie.proto.v1.RestoreRecord;
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
    private final ControllerIdentity self;
    private final TimeSource time;
    private String nonce = newNonce();

    /** The committed set of controllers does not let this one lead. */
    static final class NotEntitledException extends Exception {
        private static final long serialVersionUID = 1;

        NotEntitledException(ControllerSet.Entry.Refused refused) {
            super(refused.why());
        }
    }

    TermRegister(ZooKeeperClient client, ControllerIdentity self, TimeSource time) {
        this.client = client;
        this.layout = client.layout();
        this.self = self;
        this.time = time;
    }

    /** A term that has begun, and the cluster in whose store. */
    record Begun(LeaderTerm term, UUID cluster) {}

    /**
     * One attempt to begin a term. Makes the cluster's record first, if there is none and the pin allows it. The first
     * term of a cluster, or of a store that has none, brings the set of controllers with it.
     *
     * @param pin what this controller remembers of its cluster
     * @return the term, if it is known to have begun
     * @throws KeeperException if it is not known. To be called again then, with the same session: it finds out what
     *     became of the attempt, as the next one conflicts with it
     * @throws NotEntitledException if the set of controllers does not let this one lead; nothing has begun
     * @throws DistrustedStoreException if the store is not the one that the pin remembers; nothing was written to it
     */
    Begun begin(ZooKeeper session, Optional<ClusterPin> pin)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException, DistrustedStoreException,
                    NotEntitledException {
        Look look = look(session);
        StoreVerdict verdict = StoreTrust.judge(pin, look.head(), self.leaseTimes());
        if (verdict instanceof StoreVerdict.MayCreate) {
            makeFolders(session);
            makeCluster(session);
            look = look(session);
            verdict = StoreTrust.judge(pin, look.head(), self.leaseTimes());
        }
        if (verdict instanceof StoreVerdict.Distrusted distrusted) {
            throw new DistrustedStoreException(distrusted.why());
        }
        if (!(verdict instanceof StoreVerdict.Trusted trusted)) {
            throw KeeperException.create(Code.NONODE, layout.cluster()); // vanished again: tried anew
        }
        Stat stat = session.exists(layout.term(), false);
        LeaderTerm begun = stat == null ? beginFirst(session, look) : beginNext(session, look);
        nonce = newNonce();
        return new Begun(begun, trusted.cluster());
    }

    /** What the store says of itself; {@code clusterVersion} is the version of its cluster's record. */
    record Look(StoreHead head, int clusterVersion) {}

    /** Reads what the store says of itself, as of some instant not before the call. Writes nothing. */
    Look look(ZooKeeper session) throws KeeperException, InterruptedException, InvalidProtocolBufferException {
        sync(session);
        Stat clusterStat = new Stat();
        Optional<byte[]> cluster = read(session, layout.cluster(), clusterStat);
        Optional<byte[]> term = read(session, layout.term(), new Stat());
        Optional<byte[]> restore = read(session, layout.restore(), new Stat());
        StoreHead head = new StoreHead(
                cluster.isEmpty() ? Optional.empty() : Optional.of(parseCluster(cluster.get())),
                term.isEmpty() ? 0 : parse(term.get()).getEpoch(),
                restore.isEmpty() ? Optional.empty() : Optional.of(RestoreRecord.parseFrom(restore.get())));
        return new Look(head, clusterStat.getVersion());
    }

    private static ClusterRecord parseCluster(byte[] data) throws InvalidProtocolBufferException {
        ClusterRecord record = ClusterRecord.parseFrom(data);
        if (record.getFormat() != FORMAT) {
            throw new InvalidProtocolBufferException(
                    "the cluster's record has format " + record.getFormat() + ", this controller knows " + FORMAT);
        }
        if (Uuids.parse(record.getClusterUuid()).isEmpty()) {
            throw new InvalidProtocolBufferException("the cluster's record names no UUID");
        }
        return record;
    }

    private static Optional<byte[]> read(ZooKeeper session, String path, Stat stat)
            throws KeeperException, InterruptedException {
        try {
            return Optional.of(session.getData(path, false, stat));
        } catch (KeeperException.NoNodeException absent) {
            return Optional.empty();
        }
    }

    /**
     * Carries out an operator's word that the store is the one to go on with: ends whatever term there is, and sets the
     * epoch, from which the next term follows. Records may be older than what hosts run, and are marked so.
     *
     * @param look what the store was like when the operator's word was judged; if it has changed, nothing is done
     * @param cluster the cluster's UUID, which an empty store gets
     * @param known the set of controllers as this process has read it, which may be later than the store's
     */
    void accept(ZooKeeper session, Look look, UUID cluster, long epoch, Optional<ControllerSet> known)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException {
        makeFolders(session);
        List<Op> operations = new ArrayList<>();
        ClusterRecord present = look.head().cluster().orElse(ClusterRecord.getDefaultInstance());
        byte[] record = present.toBuilder()
                .setFormat(FORMAT)
                .setLeaseTimes(
                        look.head().cluster().isEmpty() ? self.leaseTimes().word() : present.getLeaseTimes())
                .setClusterUuid(cluster.toString())
                .setCreatedAtMillis(
                        present.getCreatedAtMillis() == 0 ? time.wallMillis() : present.getCreatedAtMillis())
                .setRecoveryEpoch(epoch)
                .build()
                .toByteArray();
        operations.add(
                look.head().cluster().isEmpty()
                        ? Op.create(layout.cluster(), record, client.acl(), CreateMode.PERSISTENT)
                        : Op.setData(layout.cluster(), record, look.clusterVersion()));
        operations.addAll(noRestore());
        Stat setStat = session.exists(layout.controllers(), false);
        List<ControllerSet> sets = new ArrayList<>();
        if (setStat != null) {
            sets.add(ControllerSetRecords.parse(session.getData(layout.controllers(), false, setStat)));
        }
        byte[] setRecord = ControllerSetRecords.record(UnseenNumbers.setAbove(known, sets, self, epoch))
                .toByteArray();
        operations.add(
                setStat == null
                        ? Op.create(layout.controllers(), setRecord, client.acl(), CreateMode.PERSISTENT)
                        : Op.setData(layout.controllers(), setRecord, setStat.getVersion()));
        Stat stat = session.exists(layout.term(), false);
        byte[] term = TermRecord.newBuilder()
                .setFormat(FORMAT)
                .setEpoch(epoch)
                .setControllerId(self.id())
                .setBeganAtMillis(time.wallMillis())
                .build()
                .toByteArray();
        if (stat == null) {
            operations.add(Op.create(layout.term(), term, client.acl(), CreateMode.PERSISTENT));
        } else {
            operations.add(Op.setData(layout.term(), term, stat.getVersion()));
            for (String fence : session.getChildren(layout.term(), false)) {
                operations.add(Op.delete(layout.term() + "/" + fence, -1));
            }
        }
        session.multi(operations);
    }

    /** Fails the transaction if a backup is being put into the store: ZooKeeper cannot check for absence. */
    private List<Op> noRestore() {
        return List.of(
                Op.create(layout.restore(), NOTHING, client.acl(), CreateMode.PERSISTENT),
                Op.delete(layout.restore(), -1));
    }

    private static String newNonce() {
        return UUID.randomUUID().toString();
    }

    private LeaderTerm beginFirst(ZooKeeper session, Look look)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException, NotEntitledException {
        LeaderTerm term = term(1);
        List<Op> operations = new ArrayList<>(sameStore(look));
        operations.addAll(onControllers(session));
        operations.add(Op.create(layout.term(), record(1), client.acl(), CreateMode.PERSISTENT));
        operations.add(Op.create(layout.fence(term, 0), NOTHING, client.acl(), CreateMode.PERSISTENT));
        session.multi(operations);
        return term;
    }

    /** Fails the transaction in a store other than the one that was judged. */
    private List<Op> sameStore(Look look) {
        List<Op> operations = new ArrayList<>();
        operations.add(Op.check(layout.cluster(), look.clusterVersion()));
        operations.addAll(noRestore());
        return operations;
    }

    private LeaderTerm beginNext(ZooKeeper session, Look look)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException, NotEntitledException {
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
        List<Op> operations = new ArrayList<>(sameStore(look));
        operations.addAll(onControllers(session));
        operations.add(Op.setData(layout.term(), record(next.epoch()), stat.getVersion()));
        for (String fence : fences) {
            operations.add(Op.delete(layout.term() + "/" + fence, -1));
        }
        operations.add(Op.create(layout.fence(next, 0), NOTHING, client.acl(), CreateMode.PERSISTENT));
        session.multi(operations);
        return next;
    }

    /**
     * What the write that begins a term does to the set of controllers: it checks that the set is still the one that
     * lets this controller lead, or it writes it; and it takes this controller's seat, or checks that it is this one's.
     */
    private List<Op> onControllers(ZooKeeper session)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException, NotEntitledException {
        Stat stat = session.exists(layout.controllers(), false);
        Optional<ControllerSet> present = stat == null
                ? Optional.empty()
                : Optional.of(ControllerSetRecords.parse(session.getData(layout.controllers(), false, stat)));
        Stat seatStat = new Stat();
        Optional<Seat> seat = read(session, layout.seat(self.id()), seatStat).map(SeatText::parse);
        ControllerSet.Entry entry = ControllerSet.entry(present, self, seat);
        if (entry instanceof ControllerSet.Entry.Refused refused) {
            throw new NotEntitledException(refused);
        }
        byte[] taken = SeatText.of(ControllerSet.seatAtBegin(entry, present, self));
        Op onSeat = seat.isEmpty()
                ? Op.create(layout.seat(self.id()), taken, client.acl(), CreateMode.PERSISTENT)
                : Op.setData(layout.seat(self.id()), taken, seatStat.getVersion());
        if (entry instanceof ControllerSet.Entry.Writing writing) {
            byte[] record = ControllerSetRecords.record(writing.set()).toByteArray();
            return List.of(
                    stat == null
                            ? Op.create(layout.controllers(), record, client.acl(), CreateMode.PERSISTENT)
                            : Op.setData(layout.controllers(), record, stat.getVersion()),
                    onSeat);
        }
        if (stat == null) {
            throw new IllegalStateException("no set of controllers lets a controller in without writing one");
        }
        return List.of(Op.check(layout.controllers(), stat.getVersion()), onSeat);
    }

    private LeaderTerm term(long epoch) {
        return new LeaderTerm(epoch, epoch + "-" + nonce);
    }

    private byte[] record(long epoch) {
        return TermRecord.newBuilder()
                .setFormat(FORMAT)
                .setEpoch(epoch)
                .setControllerId(self.id())
                .setAddress(self.address())
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

    void makeFolders(ZooKeeper session) throws KeeperException, InterruptedException {
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
                .setLeaseTimes(self.leaseTimes().word())
                .build();
        makeIfAbsent(session, layout.cluster(), cluster.toByteArray());
    }

    void makeIfAbsent(ZooKeeper session, String path, byte[] data) throws KeeperException, InterruptedException {
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
