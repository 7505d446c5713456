package io.kelpie.controller.leadership;

import io.kelpie.controller.model.Controller;
import io.kelpie.controller.model.ControllerIdentity;
import io.kelpie.controller.model.ControllerSet;
import io.kelpie.controller.model.Seat;
import io.kelpie.controller.store.ControllerSetStore;
import io.kelpie.controller.store.ControllersRead;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The controller set as this process has read it from the store: kept in memory, also while no store answers, and never
 * on disk. A controller that was started anew knows no set before it has read one, since what it knew before may have
 * been superseded with its own acknowledgement.
 *
 * <p>A member acknowledges a version only after it is shown here, so whoever asks this controller after its
 * acknowledgement is answered by this version or a later one. The version shown never falls.
 *
 * <p>A set with several members is shown only by a process that holds this controller's {@link Seat}: of two processes
 * that go by one id, one answers hosts, and no other leads.
 *
 * <p>Thread-safe.
 */
public final class ControllerSetView {
    private static final Logger log = LoggerFactory.getLogger(ControllerSetView.class);

    private final ControllerSetStore store;
    private final ControllerIdentity self;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable ControllersRead latest;

    /** Another process is this controller. */
    private volatile ControllerSet.Entry.@Nullable Refused other;

    private @Nullable ControllersRead refused; // guarded by this

    /** @param store stays the caller's to close */
    public ControllerSetView(ControllerSetStore store, ControllerIdentity self) {
        this.store = store;
        this.self = self;
    }

    /** Begins to follow the store. Called once. */
    public void start() {
        store.follow(this::read);
    }

    /** The listener is told, on a thread of the store, after each change of what is shown here. It must not block. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    /** What was read last; empty before the first answer of the store. */
    public Optional<ControllersRead> latest() {
        return Optional.ofNullable(latest);
    }

    /** The committed set; empty before it was read in this process. */
    public Optional<ControllerSet> set() {
        return latest().flatMap(ControllersRead::set);
    }

    /** The cluster's UUID; empty before it was read in this process. */
    public Optional<String> clusterUuid() {
        return latest().flatMap(ControllersRead::clusterUuid);
    }

    /** Who this controller is. */
    public ControllerIdentity self() {
        return self;
    }

    /** Whether this controller may stand for election, as far as the set that it has read says; empty: none was read. */
    public Optional<ControllerSet.Entry> entry() {
        Optional<ControllerSet.Entry.Refused> notItself = otherHolder();
        return notItself.isPresent()
                ? Optional.of(notItself.get())
                : latest().map(read -> ControllerSet.entry(read.set(), self));
    }

    /** Why this process is not the controller of its id: another is. */
    public Optional<ControllerSet.Entry.Refused> otherHolder() {
        return Optional.ofNullable(other);
    }

    /** This controller has been given to another cluster: what it read of its former one does not hold any more. */
    public void moveTo(UUID cluster) {
        ControllersRead next;
        synchronized (this) {
            ControllersRead present = latest;
            boolean moved = present != null
                    && present.clusterUuid().isPresent()
                    && !present.clusterUuid().get().equals(cluster.toString());
            if (!moved) {
                return;
            }
            next = refused;
            latest = null;
        }
        if (next != null) {
            read(next);
        }
    }

    private synchronized void read(ControllersRead read) {
        ControllersRead before = latest;
        if (before != null && !follows(before, read)) {
            if (!read.equals(refused)) {
                log.error(
                        "the store shows version {} of the controller set of cluster {}, and before it was version {} of"
                                + " cluster {}: it is another store or an older state; going on with what was read before",
                        version(read),
                        read.clusterUuid().orElse("none"),
                        version(before),
                        before.clusterUuid().orElse("none"));
            }
            refused = read;
            return;
        }
        if (!isItself(read)) {
            return;
        }
        latest = read;
        if (!read.equals(before)) {
            listeners.forEach(Runnable::run);
        }
        acknowledge(read);
    }

    /**
     * Whether this process is the controller that the set names. If nobody is yet, it applies, and is told what came of it;
     * before that it shows nothing, so that it answers no host in another's name.
     */
    private boolean isItself(ControllersRead read) {
        Optional<Controller> member = read.set()
                .filter(ControllerSet::bindsSeats)
                .flatMap(set -> set.member(self.id()))
                .filter(found -> found.is(self.id(), self.address()));
        Optional<Seat> seat = Optional.ofNullable(read.seats().get(self.id()));
        ControllerSet.Entry.Refused before = other;
        other = member.isPresent() && seat.isPresent() && seat.get().isTakenFrom(self, member.get())
                ? seat.get().refusal(self)
                : null;
        if (!Objects.equals(before, other)) {
            listeners.forEach(Runnable::run);
        }
        boolean vacant = member.isPresent()
                && seat.filter(held -> held.isOf(self, member.get())).isEmpty();
        if (vacant && other == null) {
            store.takeSeat(
                    self.id(),
                    new Seat(self.holder(), read.set().orElseThrow().version()),
                    member.get().since());
        }
        return !vacant;
    }

    private void acknowledge(ControllersRead read) {
        Optional<ControllerSet> set = read.set();
        boolean member = set.flatMap(present -> present.member(self.id()))
                .filter(found -> found.is(self.id(), self.address()))
                .isPresent();
        if (set.isPresent()
                && member
                && read.acknowledged().getOrDefault(self.id(), 0L) < set.get().version()) {
            store.acknowledge(self.id(), set.get().version());
        }
    }

    private static boolean follows(ControllersRead before, ControllersRead read) {
        return version(read) >= version(before)
                && (before.clusterUuid().isEmpty() || before.clusterUuid().equals(read.clusterUuid()));
    }

    private static long version(ControllersRead read) {
        return read.set().map(ControllerSet::version).orElse(0L);
    }
}
