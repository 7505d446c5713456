package io.kelpie.controller.leadership;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.store.zookeeper.ZooKeeperClient;
import io.kelpie.proto.v1.TermRecord;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderLatchListener;
import org.apache.zookeeper.KeeperException;
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
 * <p>A suspended connection does not end a term: commits answer OUTCOME_UNKNOWN, and the term can go on if the
 * connection comes back within the session. The term ends when the session is lost, when {@code /term} is seen to name a
 * later one, or when it is resigned.
 *
 * <p>Everything happens on one thread of its own, on which the listener is told too. Only {@link #close} waits for that
 * thread, so a listener must not call it.
 */
public final class ZooKeeperLeadership implements Leadership {
    private static final Logger log = LoggerFactory.getLogger(ZooKeeperLeadership.class);

    /** Pause between attempts to begin a term, and before standing again: a fault that repeats must not spin. */
    private static final long PAUSE_MILLIS = 200;

    private static final long CLOSE_SECONDS = 5;

    private final ZooKeeperClient client;
    private final String controllerId;
    private final TermRegister register;
    private final ScheduledExecutorService thread;
    private final CuratorCache termCache;
    private volatile Optional<String> leaderAddress = Optional.empty();

    // Used on the thread only.
    private @Nullable Listener listener;
    private @Nullable LeaderLatch latch;
    private @Nullable LeaderTerm term;
    private boolean closing;

    /**
     * Stands for election when it is started.
     *
     * @param client stays the caller's to close, after this
     * @param controllerId who this is
     * @param address host:port where agents and operators reach this controller
     * @param time for the instant written into the term's record
     */
    public ZooKeeperLeadership(ZooKeeperClient client, String controllerId, String address, TimeSource time) {
        this.client = client;
        this.controllerId = controllerId;
        this.register = new TermRegister(client, controllerId, address, time);
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
        onThread(this::stand);
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
    }

    private void stand() {
        if (closing) {
            return;
        }
        LeaderLatch next = new LeaderLatch(client.curator(), client.layout().election(), controllerId);
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
        Optional<LeaderTerm> begun = begin();
        if (begun.isEmpty()) {
            later(() -> tryToBegin(of));
            return;
        }
        log.info("{} began", begun.get());
        term = begun.get();
        told().termBegan(begun.get());
    }

    /** The term, if it is known to have begun. */
    private Optional<LeaderTerm> begin() {
        try {
            return Optional.of(
                    register.begin(client.curator().getZookeeperClient().getZooKeeper()));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (KeeperException notKnown) {
            log.info("could not begin a term ({}), trying again", notKnown.code());
        } catch (InvalidProtocolBufferException unreadable) {
            log.error("cannot lead: the term's record cannot be read", unreadable);
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
            leaderAddress = Optional.of(seen.getAddress());
            LeaderTerm present = term;
            if (present != null && seen.getEpoch() > present.epoch()) {
                log.warn("{} is over: {} of {} has begun", present, seen.getEpoch(), seen.getControllerId());
                standAnew();
            }
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
