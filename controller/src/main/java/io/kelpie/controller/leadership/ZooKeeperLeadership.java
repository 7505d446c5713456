package io.kelpie.controller.leadership;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.controller.trust.ClusterPin;
import io.kelpie.controller.trust.ClusterPins;
import io.kelpie.controller.trust.ReadOnly;
import io.kelpie.controller.trust.ShownEpochs;
import io.kelpie.controller.trust.StoreHead;
import io.kelpie.controller.trust.StoreTrust;
import io.kelpie.controller.trust.StoreVerdict;
import io.kelpie.controller.trust.UnseenNumbers;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.TermRecord;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The election in ZooKeeper.
 *
 * <p>Curator's latch only says who may try: it can be wrong for seconds about a controller that was stopped or cut off.
 * A term begins when the write of {@link TermRegister} is known to have succeeded, and it is over for the store when the
 * next term's write succeeds, whatever this controller believes.
 *
 * <p>The place in the line belongs to a session that carries nothing else. A session ends a fixed time after the last
 * that the servers heard of it, and of one that carries a leader's writes and proofs they hear until its last moment; of
 * an idle one they have heard half a ping's interval before, so that the next in line can try that much earlier.
 *
 * <p>A suspended connection does not end a term: commits answer OUTCOME_UNKNOWN, and the term can go on if the
 * connection comes back within the session. The term ends when either session is lost, when {@code /term} is seen to name
 * a later one, or when it is resigned.
 *
 * <p>Everything happens on one thread of its own, on which the listener is told too. Only {@link #close} waits for that
 * thread, so a listener must not call it.
 */
public final class ZooKeeperLeadership implements Leadership {
    private static final Logger log = LoggerFactory.getLogger(ZooKeeperLeadership.class);

    /** Pause between attempts to begin a term, and before standing again: a fault that repeats must not spin. */
    private static final long PAUSE_MILLIS = 200;

    /** How often a controller that does not lead looks at what the store says of itself. */
    private static final long EXAMINE_MILLIS = 1_000;

    private static final long CLOSE_SECONDS = 5;

    private final ZooKeeperClient client;
    private final ZooKeeperClient line;
    private final ControllerSetView controllers;
    private final TermRegister register;
    private final ScheduledExecutorService thread;
    private final CuratorCache termCache;
    private final ClusterPins pins;
    private final ShownEpochs shown;
    private volatile Optional<ReadOnly> readOnly = Optional.empty();
    private volatile Optional<String> leaderAddress = Optional.empty();
    private volatile long lastEpoch;

    // Used on the thread only.
    private @Nullable Listener listener;
    private @Nullable LeaderLatch latch;
    private @Nullable LeaderTerm term;
    private Optional<ControllerSet.Entry> entry = Optional.empty();
    private boolean closing;

    /** What a host has said against the store, until an operator decides. */
    private Optional<ReadOnly> contradiction = Optional.empty();

    /**
     * Stands for election when it is started.
     *
     * @param client stays the caller's to close, after this
     * @param controllers who this is, and the set of controllers as it is read
     * @param pins what this controller remembers of its cluster: in a store that is not as remembered it does not lead
     * @param shown what hosts have seen
     * @param time for the instant written into the term's record
     */
    public ZooKeeperLeadership(
            ZooKeeperClient client,
            ControllerSetView controllers,
            ClusterPins pins,
            ShownEpochs shown,
            TimeSource time) {
        this.client = client;
        this.line = client.another();
        this.controllers = controllers;
        this.pins = pins;
        this.shown = shown;
        this.register = new TermRegister(client, controllers.self(), time);
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "kelpie-leadership");
            made.setDaemon(true);
            return made;
        });
        this.termCache =
                CuratorCache.build(client.curator(), client.layout().term(), CuratorCache.Options.SINGLE_NODE_CACHE);
    }

    @Override
    public void start(Listener newListener) {
        onThread(() -> listener = newListener);
        termCache
                .listenable()
                .addListener(CuratorCacheListener.builder()
                        .forCreatesAndChanges((before, now) -> onThread(() -> termSeen(now)))
                        .build());
        termCache.start();
        client.curator().getConnectionStateListenable().addListener((curator, state) -> {
            if (state == ConnectionState.LOST) {
                onThread(this::sessionLost);
            }
        });
        controllers.onChange(() -> onThread(this::reconsider));
        onThread(this::reconsider);
        onThread(this::examineRegularly);
    }

    @Override
    public void resign(LeaderTerm resigned) {
        onThread(() -> {
            if (term == resigned) {
                log.info("resigning {}", resigned);
                standAnew();
            }
        });
    }

    @Override
    public Optional<String> leaderAddress() {
        return leaderAddress;
    }

    @Override
    public long lastEpoch() {
        return lastEpoch;
    }

    @Override
    public Optional<ReadOnly> readOnly() {
        return readOnly;
    }

    @Override
    public void distrust(LeaderTerm distrusted, ReadOnly why, long seenEpoch) {
        onThread(() -> {
            if (term != distrusted) {
                return;
            }
            if (seenEpoch > 0) {
                remember(pins.get().map(ClusterPin::cluster).orElseThrow(), seenEpoch);
            } else {
                contradiction = Optional.of(why);
            }
            apart(why);
        });
    }

    @Override
    public void noteSeen(UUID cluster, long epoch) {
        shown.note(cluster, epoch);
    }

    @Override
    public CompletableFuture<Accepted> acceptStore() {
        CompletableFuture<Accepted> accepted = new CompletableFuture<>();
        onThread(() -> {
            try {
                accepted.complete(accept());
            } catch (KelpieException refused) {
                accepted.completeExceptionally(refused);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                accepted.completeExceptionally(unavailable("this controller is stopping"));
            } catch (KeeperException failed) {
                accepted.completeExceptionally(unavailable("the store did not do it (" + failed.code() + ")"));
            } catch (Exception failed) {
                log.error("the store could not be accepted", failed);
                accepted.completeExceptionally(unavailable(failed.getMessage()));
            }
        });
        if (thread.isShutdown()) {
            accepted.completeExceptionally(unavailable("this controller is stopping"));
        }
        return accepted;
    }

    private static KelpieException unavailable(@Nullable String why) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_STORE_UNAVAILABLE, "the store cannot be accepted now: " + why, "retry");
    }

    private Accepted accept() throws Exception {
        if (!client.isConnected()) {
            throw unavailable("it does not answer");
        }
        ZooKeeper session = client.curator().getZookeeperClient().getZooKeeper();
        TermRegister.Look look = register.look(session);
        Optional<ClusterPin> pin = pins.get();
        Optional<ReadOnly> why = distrusted(look.head());
        if (why.isEmpty() || pin.isEmpty()) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE,
                    "this controller already trusts its store",
                    "nothing needs to be done");
        }
        Accepted accepted = switch (why.get().kind()) {
            case OTHER_LEASE_TIMES ->
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_WRONG_STATE,
                        why.get().reason(),
                        why.get().fix());
            case HALF_RESTORED ->
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_WRONG_STATE,
                        "the store holds a part of a backup: " + why.get().reason(),
                        why.get().fix());
            // It has its own leaders, or will: this controller only takes it for its own.
            case FOREIGN ->
                new Accepted(
                        look.head().clusterUuid().orElseThrow(), look.head().epoch());
            case EMPTY, OLDER, CONTRADICTED -> {
                UUID cluster = look.head().clusterUuid().orElse(pin.get().cluster());
                long epoch =
                        UnseenNumbers.epochAbove(look.head().epoch(), pin.get().epoch(), shown.highest(cluster));
                register.accept(session, look, cluster, epoch, controllers.set());
                yield new Accepted(cluster, epoch);
            }
        };
        pins.replace(new ClusterPin(accepted.cluster(), accepted.epoch()));
        controllers.moveTo(accepted.cluster());
        contradiction = Optional.empty();
        log.warn("an operator has accepted the store of cluster {}, epoch {}", accepted.cluster(), accepted.epoch());
        examine();
        return accepted;
    }

    /** Looks at the store now and then, as long as this controller does not lead; its writes do it when it does. */
    private void examineRegularly() {
        if (closing) {
            return;
        }
        examine();
        try {
            thread.schedule(this::examineRegularly, EXAMINE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            log.debug("not done, the leadership is closed");
        }
    }

    private void examine() {
        if (term != null || !client.isConnected()) {
            return;
        }
        try {
            StoreHead head = register.look(client.curator().getZookeeperClient().getZooKeeper())
                    .head();
            Optional<ReadOnly> why = distrusted(head);
            if (why.isPresent()) {
                apart(why.get());
                return;
            }
            Optional<UUID> cluster = head.clusterUuid();
            if (cluster.isEmpty() || remember(cluster.get(), head.epoch())) {
                together();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (InvalidProtocolBufferException unreadable) {
            log.error("the store's own records cannot be read", unreadable);
        } catch (Exception notAnswered) {
            log.debug("the store could not be looked at", notAnswered);
        }
    }

    private Optional<ReadOnly> distrusted(StoreHead head) {
        return StoreTrust.judge(pins.get(), head, controllers.self().leaseTimes())
                        instanceof StoreVerdict.Distrusted distrusted
                ? Optional.of(distrusted.why())
                : contradiction;
    }

    /** Writes nothing from now on, and leaves the line, so that a controller that trusts the store can lead. */
    private void apart(ReadOnly why) {
        if (!readOnly.equals(Optional.of(why))) {
            log.error("read-only: {}. Fix: {}", why.reason(), why.fix());
        }
        readOnly = Optional.of(why);
        endTerm();
        leaveLatch();
    }

    private void together() {
        if (readOnly.isPresent()) {
            log.info("the store can be trusted again");
            readOnly = Optional.empty();
        }
        stand();
    }

    /** @return false if it could not be kept; nothing may be done then that relies on it */
    private boolean remember(UUID cluster, long epoch) {
        try {
            boolean ours = pins.get().map(pin -> pin.cluster().equals(cluster)).orElse(true);
            if (ours) {
                pins.raise(cluster, epoch);
            } else {
                pins.replace(new ClusterPin(cluster, epoch)); // it was restored in place of ours
                controllers.moveTo(cluster);
            }
            return true;
        } catch (IOException notKept) {
            log.error("the cluster and its epoch cannot be kept on disk; not leading", notKept);
            return false;
        }
    }

    @Override
    public void close() {
        onThread(() -> {
            closing = true;
            endTerm();
            leaveLatch();
            thread.shutdown();
        });
        try {
            if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException interrupted) {
            thread.shutdownNow();
            Thread.currentThread().interrupt();
        }
        termCache.close();
        line.close();
    }

    /** Nothing can be written in the term any more; another controller may do better. */
    private void sessionLost() {
        if (term != null) {
            log.warn("{} is over: its session with the store is lost", term);
            standAnew();
        }
    }

    /** Stands while the set of controllers lets it lead, as far as this controller has read it. */
    private void reconsider() {
        Optional<ControllerSet.Entry> before = entry;
        entry = controllers.entry();
        if (entry.isPresent() && !mayStand()) {
            if (!entry.equals(before) && entry.get() instanceof ControllerSet.Entry.Refused refused) {
                log.warn("not standing for election: {}. Fix: {}", refused.why(), refused.fix());
            }
            endTerm();
            leaveLatch();
        } else {
            stand();
        }
    }

    private boolean mayStand() {
        return entry.filter(present -> !(present instanceof ControllerSet.Entry.Refused))
                .isPresent();
    }

    private void stand() {
        if (closing || latch != null || readOnly.isPresent() || !mayStand()) {
            return;
        }
        LeaderLatch next = new LeaderLatch(
                line.curator(), line.layout().election(), controllers.self().id());
        next.addListener(
                new LeaderLatchListener() {
                    @Override
                    public void isLeader() {
                        tryToBegin(next);
                    }

                    @Override
                    public void notLeader() {
                        if (latch == next) {
                            endTerm();
                        }
                    }
                },
                this::onThread);
        latch = next;
        try {
            next.start();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (Exception cause) {
            log.error("cannot stand for election, trying again", cause);
            standAnew();
        }
    }

    /** Leaves the line, and joins it again at its end. */
    private void standAnew() {
        endTerm();
        leaveLatch();
        later(this::stand);
    }

    private void leaveLatch() {
        LeaderLatch left = latch;
        latch = null;
        if (left == null || left.getState() != LeaderLatch.State.STARTED) {
            return;
        }
        try {
            left.close();
        } catch (IOException cause) {
            // Its znode goes with the session then.
            log.warn("could not leave the election", cause);
        }
    }

    private void tryToBegin(LeaderLatch of) {
        if (latch != of || term != null || closing || !of.hasLeadership()) {
            return;
        }
        if (contradiction.isPresent()) {
            apart(contradiction.get());
            return;
        }
        Optional<TermRegister.Begun> begun = begin();
        if (begun.isEmpty()) {
            if (latch == of) {
                later(() -> tryToBegin(of));
            }
            return;
        }
        LeaderTerm began = begun.get().term();
        if (!remember(begun.get().cluster(), began.epoch())) {
            // Without the pin nobody could tell a lost store from a new one. The term is over with the next one.
            standAnew();
            return;
        }
        readOnly = Optional.empty();
        log.info("{} began", began);
        term = began;
        lastEpoch = Math.max(lastEpoch, began.epoch());
        told().termBegan(began);
    }

    /** The term, if it is known to have begun. */
    private Optional<TermRegister.Begun> begin() {
        try {
            return Optional.of(
                    register.begin(client.curator().getZookeeperClient().getZooKeeper(), pins.get()));
        } catch (DistrustedStoreException distrusted) {
            apart(distrusted.why());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (TermRegister.NotEntitledException refused) {
            // Ahead of what this controller has read of the set: whether it stands again, it decides when it has.
            log.warn("leaving the election: {}", refused.getMessage());
            standAnew();
        } catch (KeeperException notKnown) {
            log.info("could not begin a term ({}), trying again", notKnown.code());
        } catch (InvalidProtocolBufferException unreadable) {
            log.error("cannot lead: the record of the term or of the controllers cannot be read", unreadable);
        } catch (Exception noSession) {
            // Curator's own signature; it has not even sent anything.
            log.warn("could not begin a term, trying again", noSession);
        }
        return Optional.empty();
    }

    private void endTerm() {
        LeaderTerm ended = term;
        term = null;
        if (ended != null) {
            log.info("{} ended", ended);
            told().termEnded(ended);
        }
    }

    private void termSeen(ChildData data) {
        try {
            TermRecord seen = TermRegister.parse(data.getData());
            leaderAddress = Optional.of(seen.getAddress()).filter(address -> !address.isEmpty());
            lastEpoch = Math.max(lastEpoch, seen.getEpoch());
            LeaderTerm present = term;
            if (present != null && seen.getEpoch() > present.epoch()) {
                log.warn("{} is over: {} of {} has begun", present, seen.getEpoch(), seen.getControllerId());
                standAnew();
            }
            examine();
        } catch (InvalidProtocolBufferException unreadable) {
            log.error("the term's record cannot be read", unreadable);
        }
    }

    private Listener told() {
        Listener present = listener;
        if (present == null) {
            throw new IllegalStateException("not started");
        }
        return present;
    }

    private void onThread(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException closed) {
            log.debug("not done, the leadership is closed");
        }
    }

    private void later(Runnable task) {
        try {
            thread.schedule(task, PAUSE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            log.debug("not done, the leadership is closed");
        }
    }
}
