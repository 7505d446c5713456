package io.kelpie.controller.store.zookeeper;

import com.google.protobuf.InvalidProtocolBufferException;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.Seat;
import io.kelpie.controller.store.ControllerSetRecords;
import io.kelpie.controller.store.ControllerSetStore;
import io.kelpie.controller.store.ControllersRead;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.ClusterRecord;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller set in ZooKeeper: {@code /controllers}, and below it a znode a controller with the version that it has
 * read, as decimal text.
 *
 * <p>Curator's cache only says when to look. What is told was read after a {@code sync}, since a server may lag behind
 * the others, and a controller that was started anew must not be shown a set older than the one that it acknowledged
 * before. As a watch can be lost, it also looks now and then without being told to.
 *
 * <p>Everything happens on one thread of its own, which may wait for ZooKeeper.
 */
public final class ZooKeeperControllerSetStore implements ControllerSetStore {
    private static final Logger log = LoggerFactory.getLogger(ZooKeeperControllerSetStore.class);
    private static final long RETRY_MILLIS = 200;
    private static final long LOOK_ANYWAY_MILLIS = 10_000;

    private final ZooKeeperClient client;
    private final ZooKeeperLayout layout;
    private final ScheduledExecutorService thread;
    private final CuratorCache cache;
    private final AtomicBoolean lookingSoon = new AtomicBoolean();

    // Used on the thread only.
    private @Nullable Consumer<ControllersRead> reader;
    private @Nullable ControllersRead told;
    private boolean retrying;

    /** The client stays the caller's to close, after this. */
    public ZooKeeperControllerSetStore(ZooKeeperClient client) {
        this.client = client;
        this.layout = client.layout();
        this.thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread made = new Thread(task, "kelpie-controller-set");
            made.setDaemon(true);
            return made;
        });
        this.cache = CuratorCache.build(client.curator(), layout.controllers());
    }

    @Override
    public void follow(Consumer<ControllersRead> newReader) {
        onThread(() -> reader = newReader);
        cache.listenable()
                .addListener(CuratorCacheListener.builder()
                        .forAll((type, before, now) -> lookSoon())
                        .forInitialized(this::lookSoon)
                        .build());
        cache.start();
        lookAnyway();
    }

    @Override
    public void acknowledge(String controllerId, long version) {
        write(
                controllerId,
                "acknowledge version " + version + " of the controller set",
                session -> write(session, controllerId, version));
    }

    @Override
    public void takeSeat(String controllerId, Seat seat, long since) {
        write(controllerId, "take the seat of " + controllerId, session -> write(session, controllerId, seat, since));
    }

    private interface Writing {
        void to(ZooKeeper session) throws KeeperException, InterruptedException;
    }

    private void write(String controllerId, String what, Writing writing) {
        if (!RecordKey.NAME.matcher(controllerId).matches()) {
            throw new IllegalArgumentException("not a name of a controller: " + controllerId);
        }
        onThread(() -> {
            try {
                writing.to(client.curator().getZookeeperClient().getZooKeeper());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                return;
            } catch (KeeperException notDone) {
                log.info("could not {}: {}", what, notDone.code());
                told = null;
            } catch (Exception noSession) {
                // Curator's own signature; it has not even sent anything.
                log.info("could not {}", what, noSession);
                told = null;
            }
            lookSoon();
        });
    }

    private void write(ZooKeeper session, String controllerId, Seat seat, long since)
            throws KeeperException, InterruptedException {
        String path = layout.seat(controllerId);
        Stat stat = session.exists(path, false);
        if (stat == null) {
            session.create(path, SeatText.of(seat), client.acl(), CreateMode.PERSISTENT);
        } else if (SeatText.parse(session.getData(path, false, stat)).version() < since) {
            session.setData(path, SeatText.of(seat), stat.getVersion());
        }
    }

    @Override
    public void close() {
        cache.close();
        thread.shutdownNow();
    }

    private void lookAnyway() {
        lookSoon();
        later(this::lookAnyway, LOOK_ANYWAY_MILLIS);
    }

    /** Several reasons to look become one look. */
    private void lookSoon() {
        if (lookingSoon.compareAndSet(false, true)) {
            onThread(this::look);
        }
    }

    private void lookAgain() {
        if (!retrying) {
            retrying = true;
            later(
                    () -> {
                        retrying = false;
                        lookSoon();
                    },
                    RETRY_MILLIS);
        }
    }

    private void look() {
        lookingSoon.set(false);
        Consumer<ControllersRead> present = reader;
        if (present == null) {
            return;
        }
        if (!client.isConnected()) {
            lookAgain();
            return;
        }
        try {
            ControllersRead read = read(client.curator().getZookeeperClient().getZooKeeper());
            if (!read.equals(told)) {
                told = read;
                present.accept(read);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (KeeperException notNow) {
            lookAgain();
        } catch (InvalidProtocolBufferException unreadable) {
            log.error("the controller set cannot be read", unreadable);
        } catch (Exception noSession) {
            // Curator's own signature; it has not even asked anything.
            lookAgain();
        }
    }

    private ControllersRead read(ZooKeeper session)
            throws KeeperException, InterruptedException, InvalidProtocolBufferException {
        sync(session);
        Optional<byte[]> cluster = data(session, layout.cluster());
        Optional<byte[]> controllers = data(session, layout.controllers());
        Optional<String> uuid = cluster.isEmpty()
                ? Optional.empty()
                : Optional.of(ClusterRecord.parseFrom(cluster.get()).getClusterUuid());
        Optional<ControllerSet> set =
                controllers.isEmpty() ? Optional.empty() : Optional.of(ControllerSetRecords.parse(controllers.get()));
        Map<String, Long> acknowledged = new HashMap<>();
        Map<String, Seat> seats = new HashMap<>();
        if (set.isPresent()) {
            for (String child : session.getChildren(layout.controllers(), false)) {
                Optional<byte[]> text = data(session, layout.controllers() + "/" + child);
                Optional<String> seated = layout.seated(child);
                if (text.isPresent() && seated.isPresent()) {
                    seats.put(seated.get(), SeatText.parse(text.get()));
                } else if (text.isPresent()) {
                    acknowledged.put(child, version(text.get()));
                }
            }
        }
        return new ControllersRead(uuid, set, acknowledged, seats);
    }

    private void write(ZooKeeper session, String controllerId, long version)
            throws KeeperException, InterruptedException {
        String path = layout.acknowledgement(controllerId);
        byte[] text = Long.toString(version).getBytes(StandardCharsets.US_ASCII);
        Stat stat = session.exists(path, false);
        if (stat == null) {
            session.create(path, text, client.acl(), CreateMode.PERSISTENT);
        } else if (version(session.getData(path, false, stat)) < version) {
            session.setData(path, text, stat.getVersion());
        }
    }

    private static Optional<byte[]> data(ZooKeeper session, String path) throws KeeperException, InterruptedException {
        try {
            return Optional.of(session.getData(path, false, new Stat()));
        } catch (KeeperException.NoNodeException absent) {
            return Optional.empty();
        }
    }

    /** What is no number was not written by a controller, and acknowledges nothing. */
    private static long version(byte[] text) {
        try {
            return Long.parseLong(new String(text, StandardCharsets.US_ASCII));
        } catch (NumberFormatException notOurs) {
            return 0;
        }
    }

    private void sync(ZooKeeper session) throws KeeperException, InterruptedException {
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        session.sync(layout.controllers(), (code, path, context) -> answer.complete(code), null);
        try {
            Code code = Optional.ofNullable(Code.get(answer.get())).orElse(Code.SYSTEMERROR);
            if (code != Code.OK) {
                throw KeeperException.create(code, layout.controllers());
            }
        } catch (ExecutionException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void onThread(Runnable task) {
        try {
            thread.execute(task);
        } catch (RejectedExecutionException closed) {
            log.debug("not done, the controller set is not followed any more");
        }
    }

    private void later(Runnable task, long millis) {
        try {
            thread.schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            log.debug("not done, the controller set is not followed any more");
        }
    }
}
