package io.kelpie.controller.store.zookeeper;

import com.google.protobuf.ByteString;
import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.store.ClusterStore;
import io.kelpie.controller.store.CommitOutcome;
import io.kelpie.controller.store.FencedSequence;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.StoreUnavailableException;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.store.WriteBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The store in ZooKeeper.
 *
 * <p>A batch is one {@code multi}: its first operation sets the term's fence at the version that the fence has after the
 * batches sent before, so that batches can be sent without waiting for each other and still only a prefix of them can be
 * applied. The others are guarded by the versions of the records.
 *
 * <p><strong>Writes never go through Curator, but to the session's own handle.</strong> Curator's retry policy sends an
 * operation again when its answer was lost. The second {@code multi} would then find the fence moved by the first, and
 * report as refused what was applied. It also puts operations aside while the connection is down, which would change
 * their order. The handle does neither: requests leave in the order of the calls, and a lost connection answers each of
 * them once, with CONNECTIONLOSS. A term keeps the handle of its first batch, so nothing of it is ever sent in a later
 * session.
 *
 * <p>Folders are made when first needed, just ahead of the batch that needs them and on the same connection, whose
 * requests ZooKeeper takes in order. They are not fenced: a folder is empty and the same whoever makes it, so a deposed
 * leader does no harm by it.
 *
 * <p>Reads begin with a {@code sync}, as the server we are connected to may lag behind the others.
 *
 * <p>Futures complete on ZooKeeper's event thread or on the store's own.
 */
public final class ZooKeeperStore implements ClusterStore {
    private static final Logger log = LoggerFactory.getLogger(ZooKeeperStore.class);
    private static final byte[] NOTHING = {};
    private static final long SETTLE_RETRY_MILLIS = 100;

    /** The present term's way to the store. */
    private static final class TermLink {
        final LeaderTerm term;
        final FencedSequence pipeline = new FencedSequence();
        private volatile @Nullable ZooKeeper session;

        TermLink(LeaderTerm term) {
            this.term = term;
        }
    }

    private final ZooKeeperClient client;
    private final ZooKeeperLayout layout;
    private final Set<String> knownFolders = ConcurrentHashMap.newKeySet();
    /** What is to be done with the futures not completed when the store is closed. */
    private final Set<Runnable> abandonings = ConcurrentHashMap.newKeySet();

    private final ScheduledExecutorService executor;
    private final Object sending = new Object();
    private @Nullable TermLink link; // guarded by sending

    /** The client stays the caller's to close, after this store. */
    public ZooKeeperStore(ZooKeeperClient client) {
        this.client = client;
        this.layout = client.layout();
        this.executor = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "kelpie-store");
            thread.setDaemon(true);
            return thread;
        });
    }

    @Override
    public CompletableFuture<CommitOutcome> commit(LeaderTerm term, WriteBatch batch) {
        CompletableFuture<CommitOutcome> outcome = new CompletableFuture<>();
        synchronized (sending) {
            TermLink present = linkOf(term);
            if (present == null) {
                return CompletableFuture.completedFuture(CommitOutcome.TERM_ENDED);
            }
            FencedSequence pipeline = present.pipeline;
            if (!pipeline.isOpen()) {
                return CompletableFuture.completedFuture(pipeline.refusal());
            }
            ZooKeeper session = sessionOf(present);
            if (session == null) {
                return CompletableFuture.completedFuture(pipeline.lost());
            }
            makeFolders(session, batch);
            FencedSequence.Place place = pipeline.take();
            session.multi(
                    operations(term, place, batch),
                    (code, path, context, results) ->
                            outcome.complete(pipeline.answered(place, MultiAnswer.of(code, results))),
                    null);
        }
        return outcome;
    }

    @Override
    public CompletableFuture<Optional<Long>> settle(LeaderTerm term) {
        CompletableFuture<Optional<Long>> result = new CompletableFuture<>();
        synchronized (sending) {
            TermLink present = linkOf(term);
            if (present == null || present.pipeline.hasEnded()) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            present.pipeline.lost();
            Settlement settlement = new Settlement(present, result);
            untilClosed(result, () -> result.complete(Optional.empty()));
            execute(settlement::attempt);
        }
        return result;
    }

    @Override
    public CompletableFuture<CommitOutcome> prove(LeaderTerm term) {
        CompletableFuture<CommitOutcome> outcome = new CompletableFuture<>();
        TermLink present;
        ZooKeeper session;
        synchronized (sending) {
            present = linkOf(term);
            if (present == null) {
                return CompletableFuture.completedFuture(CommitOutcome.TERM_ENDED);
            }
            session = sessionOf(present);
        }
        if (session == null) {
            return CompletableFuture.completedFuture(CommitOutcome.OUTCOME_UNKNOWN);
        }
        FencedSequence pipeline = present.pipeline;
        int generation = pipeline.generation();
        // Any version: whether the term stands does not depend on the batches under way. Unlike a read, a multi is
        // agreed on by a quorum, even if it only checks.
        session.multi(
                List.of(Op.check(layout.fence(term, generation), -1)),
                (code, path, context, results) ->
                        outcome.complete(pipeline.proved(generation, MultiAnswer.of(code, results))),
                null);
        return outcome;
    }

    @Override
    public CompletableFuture<Optional<StoredRecord>> read(RecordKey key) {
        CompletableFuture<Optional<StoredRecord>> result = new CompletableFuture<>();
        if (!key.isStorable()) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        String path = layout.record(key);
        afterSync(
                path,
                result,
                session -> session.getData(
                        path,
                        false,
                        (code, ignored, context, data, stat) -> {
                            if (code == Code.OK.intValue()) {
                                ByteString value = data == null ? ByteString.EMPTY : ByteString.copyFrom(data);
                                result.complete(Optional.of(new StoredRecord(key, value, stat.getVersion())));
                            } else if (code == Code.NONODE.intValue()) {
                                result.complete(Optional.empty());
                            } else {
                                result.completeExceptionally(ZooKeeperFailure.ofRead(code, path));
                            }
                        },
                        null));
        return result;
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readHosts() {
        return readAll(ZooKeeperLayout.Folder.HOSTS);
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readCapabilities() {
        return readAll(ZooKeeperLayout.Folder.CAPABILITIES);
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readJobs() {
        return readAll(ZooKeeperLayout.Folder.JOBS);
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readVms() {
        return readAll(ZooKeeperLayout.Folder.VMS);
    }

    @Override
    public CompletableFuture<List<StoredRecord>> readRequests() {
        return readAll(ZooKeeperLayout.Folder.REQUESTS);
    }

    @Override
    public boolean isConnected() {
        return client.isConnected();
    }

    @Override
    public void close() {
        executor.shutdownNow();
        List.copyOf(abandonings).forEach(Runnable::run);
    }

    private CompletableFuture<List<StoredRecord>> readAll(ZooKeeperLayout.Folder folder) {
        CompletableFuture<List<StoredRecord>> result = new CompletableFuture<>();
        afterSync(
                layout.folder(folder),
                result,
                session -> new TreeRead(session, layout, folder, knownFolders::add, result).start());
        return result;
    }

    private interface SessionUse {
        void with(ZooKeeper session);
    }

    /** Asks in the present session, after a sync; on the store's own thread, as getting a session can take a moment. */
    private void afterSync(String path, CompletableFuture<?> result, SessionUse ask) {
        untilClosed(
                result,
                () -> result.completeExceptionally(new StoreUnavailableException(
                        "the store is closed", new IllegalStateException("reading " + path))));
        execute(() -> {
            ZooKeeper session = presentSession();
            if (session == null) {
                result.completeExceptionally(ZooKeeperFailure.ofRead(Code.CONNECTIONLOSS.intValue(), path));
                return;
            }
            session.sync(
                    path,
                    (code, ignored, context) -> {
                        if (code == Code.OK.intValue()) {
                            ask.with(session);
                        } else {
                            result.completeExceptionally(ZooKeeperFailure.ofRead(code, path));
                        }
                    },
                    null);
        });
    }

    /** If the store is closed before the future completes, it is completed by {@code abandon}. */
    private void untilClosed(CompletableFuture<?> future, Runnable abandon) {
        abandonings.add(abandon);
        future.whenComplete((value, failure) -> abandonings.remove(abandon));
        if (executor.isShutdown()) {
            abandon.run();
        }
    }

    private void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException closed) {
            log.debug("not done, the store is closed");
        }
    }

    /** The term's link, if no later term has been seen here. */
    private @Nullable TermLink linkOf(LeaderTerm term) {
        TermLink present = link;
        if (present == null || present.term.epoch() < term.epoch()) {
            present = new TermLink(term);
            link = present;
        }
        return present.term == term ? present : null;
    }

    private @Nullable ZooKeeper sessionOf(TermLink present) {
        ZooKeeper session = present.session;
        if (session == null) {
            session = presentSession();
            present.session = session;
        }
        return session;
    }

    /** The session's handle; null while there is no connection. Does not wait. */
    private @Nullable ZooKeeper presentSession() {
        if (!client.isConnected()) {
            return null;
        }
        try {
            return client.curator().getZookeeperClient().getZooKeeper();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return null;
        } catch (Exception notConnected) {
            // Whatever kept it from connecting: nothing has been sent, and callers report that as a lost connection.
            return null;
        }
    }

    private List<Op> operations(LeaderTerm term, FencedSequence.Place place, WriteBatch batch) {
        List<Op> operations = new ArrayList<>(batch.writes().size() + 1);
        operations.add(Op.setData(layout.fence(term, place.generation()), NOTHING, place.version()));
        for (Write write : batch.writes()) {
            String path = layout.record(write.key());
            if (write instanceof Write.Put put) {
                byte[] value = put.value().toByteArray();
                operations.add(
                        put.expectedVersion() == Write.ABSENT
                                ? Op.create(path, value, client.acl(), CreateMode.PERSISTENT)
                                : Op.setData(path, value, put.expectedVersion()));
            } else if (write instanceof Write.Delete delete) {
                operations.add(Op.delete(path, delete.expectedVersion()));
            }
        }
        return operations;
    }

    private void makeFolders(ZooKeeper session, WriteBatch batch) {
        Set<String> sent = ConcurrentHashMap.newKeySet();
        for (Write write : batch.writes()) {
            if (write instanceof Write.Put put && put.expectedVersion() == Write.ABSENT) {
                for (String folder : layout.foldersOf(put.key())) {
                    if (!knownFolders.contains(folder) && sent.add(folder)) {
                        makeFolder(session, folder);
                    }
                }
            }
        }
    }

    private void makeFolder(ZooKeeper session, String folder) {
        session.create(
                folder,
                NOTHING,
                client.acl(),
                CreateMode.PERSISTENT,
                (code, path, context, name) -> {
                    // Anything else shows in the batch behind it, and the next one asks again.
                    if (code == Code.OK.intValue() || code == Code.NODEEXISTS.intValue()) {
                        knownFolders.add(folder);
                    }
                },
                null);
    }

    /**
     * Finds out how many batches were applied: replaces the term's fence, at the version just read, by its next
     * generation. If that succeeds, the version read was the last one, as whatever is still under way names a fence that
     * is gone; if not, something arrived in between and the version is read again.
     */
    private final class Settlement {
        private final TermLink present;
        private final CompletableFuture<Optional<Long>> result;
        private final int generation;
        // The attempts follow each other: one thread at a time, each begun by the answer to the one before.
        private volatile int versionTried = -1;

        Settlement(TermLink present, CompletableFuture<Optional<Long>> result) {
            this.present = present;
            this.result = result;
            this.generation = present.pipeline.generation();
        }

        void attempt() {
            ZooKeeper session;
            synchronized (sending) {
                session = sessionOf(present);
            }
            if (session == null) {
                attemptLater();
            } else {
                String fence = layout.fence(present.term, generation);
                session.sync(
                        fence,
                        (code, path, context) -> {
                            if (code == Code.OK.intValue()) {
                                readFence(session, fence);
                            } else {
                                failed(session, code);
                            }
                        },
                        null);
            }
        }

        private void readFence(ZooKeeper session, String fence) {
            session.exists(
                    fence,
                    false,
                    (code, path, context, stat) -> {
                        if (code == Code.OK.intValue()) {
                            replaceFence(session, fence, stat.getVersion());
                        } else if (code == Code.NONODE.intValue()) {
                            readNextFence(session);
                        } else {
                            failed(session, code);
                        }
                    },
                    null);
        }

        private void replaceFence(ZooKeeper session, String fence, int version) {
            versionTried = version;
            session.multi(
                    List.of(
                            Op.delete(fence, version),
                            Op.create(
                                    layout.fence(present.term, generation + 1),
                                    NOTHING,
                                    client.acl(),
                                    CreateMode.PERSISTENT)),
                    (code, path, context, results) -> {
                        switch (MultiAnswer.of(code, results)) {
                            case APPLIED -> settled();
                            case FENCE_BEHIND -> attempt();
                            case FENCE_GONE -> readNextFence(session);
                            case RECORD_REFUSED -> ended();
                            case LOST -> failed(session, code);
                        }
                    },
                    null);
        }

        /** The fence is gone: by an attempt of ours whose answer was lost, or by the next term. */
        private void readNextFence(ZooKeeper session) {
            session.exists(
                    layout.fence(present.term, generation + 1),
                    false,
                    (code, path, context, stat) -> {
                        if (code == Code.OK.intValue() && versionTried >= 0) {
                            settled();
                        } else if (code == Code.OK.intValue() || code == Code.NONODE.intValue()) {
                            ended();
                        } else {
                            failed(session, code);
                        }
                    },
                    null);
        }

        private void settled() {
            result.complete(Optional.of(present.pipeline.settled(versionTried)));
        }

        private void ended() {
            present.pipeline.end();
            result.complete(Optional.empty());
        }

        private void failed(ZooKeeper session, int code) {
            if (code == Code.SESSIONEXPIRED.intValue() || !session.getState().isAlive()) {
                ended();
            } else {
                attemptLater();
            }
        }

        private void attemptLater() {
            try {
                executor.schedule(this::attempt, SETTLE_RETRY_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException closed) {
                log.debug("not settled, the store is closed");
            }
        }
    }
}
