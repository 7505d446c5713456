package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.PlacementRules;
import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.queue.QueueFacts.State;
import io.kelpie.controller.scheduling.queue.QueueFacts.Verdict;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The VMs that wait for a place, and which of them is decided on next.
 *
 * <p><b>Order.</b> A VM of higher priority comes first, whatever its namespace; there is no aging. Within a priority
 * namespaces take turns, a VM a turn, as {@link FairOrder} says; within a namespace the oldest VM comes first. A VM that
 * found no place holds up nobody: all VMs that the same verdict holds for, its <i>class</i>, are <i>blocked</i>, which
 * means that they are passed over until something happens that could help them. So a storm of n VMs in c classes takes
 * no more than n + c decisions, and a VM that is ready waits for those of higher priority that are ready, and for a
 * bounded number of turns of each other namespace a turn of its own.
 *
 * <p>No room is kept for a VM that is blocked: smaller or less important ones may take, piece by piece, what a large one
 * waits for. Who must not wait for luck needs a priority that may preempt. One that preempts is put off, and recalled
 * when its place is free.
 *
 * <p><b>What sets a class free.</b> A change of a host, if the class passes every rule on that very host: which is
 * looked at again when its turn comes, as others may have been quicker. A VM of a job that comes or goes, if the class
 * has a required rule about VMs of that job which this can satisfy. Time: VMs whose wait is over, and hosts that are not
 * avoided any more. And every class is tried again now and then without a reason, so that an event that nobody told costs
 * time but holds no VM for good.
 *
 * <p><b>Use.</b> Tell every change as it happens. Then, once a tick, {@link #advance} and as often as the tick has time
 * for, {@link #next}, each answered at once by exactly one of {@link #placed}, {@link #rejected} and {@link #putOff},
 * unless its VM is removed or put again. What it does is a function of these calls alone. Belongs to one thread.
 *
 * <p><b>Cost.</b> A call takes time in proportion to the logarithm of the queue; setting a class free or blocking it, to
 * the namespaces with VMs of it; a changed host, to the classes that are blocked and ask for no more than it has left.
 * VMs that are blocked cost nothing by their number.
 */
public final class PendingQueue {
    private static final Comparator<Entry> BY_UNTIL =
            Comparator.<Entry>comparingLong(entry -> entry.untilMillis).thenComparing(Entry.BY_AGE);
    private static final Comparator<Entry> BY_CHANGE =
            Comparator.<Entry>comparingLong(entry -> entry.changesAtMillis).thenComparing(Entry.BY_AGE);

    private final HostChecks hosts;
    private final QueueSettings settings;
    private final Map<UUID, Entry> entries = new HashMap<>();
    private final Map<ClassKey, VmClass> classes = new HashMap<>();
    private final FairOrder order = new FairOrder();
    private final Wakeups wakeups;
    private final NavigableSet<Entry> waiting = new TreeSet<>(BY_UNTIL); // for a time
    private final NavigableSet<Entry> changing = new TreeSet<>(BY_CHANGE); // with a class that time will change
    private @Nullable Entry offered;
    private long nowMillis = Long.MIN_VALUE;
    private long elapsedMillis;
    private long classesMade;
    private long offers;

    public PendingQueue(HostChecks hosts, QueueSettings settings) {
        this.hosts = hosts;
        this.settings = settings;
        wakeups = new Wakeups(hosts, order);
    }

    // ---- VMs

    /** A VM waits from now on, or what is known of one that does has changed. */
    public void put(WaitingVm vm) {
        Entry known = entries.get(vm.request().vmId());
        Lane former = known == null ? null : leavePlace(known);
        Entry entry = new Entry(vm);
        entries.put(entry.id(), entry);
        if (vm.notBeforeMillis() <= nowMillis) {
            file(entry);
        } else {
            waitUntil(entry, vm.notBeforeMillis(), "");
        }
        if (former != null) {
            dropIfEmpty(former); // not before: the class keeps its verdict if the VM is still of it
        }
    }

    /** A VM does not wait any more, for whatever reason. False if it did not. */
    public boolean remove(UUID vmId) {
        Entry entry = entries.remove(vmId);
        if (entry == null) {
            return false;
        }
        Lane former = leavePlace(entry);
        if (former != null) {
            dropIfEmpty(former);
        }
        return true;
    }

    /** Takes it out of where it stands; the lane that this leaves, if any, may be empty. */
    private @Nullable Lane leavePlace(Entry entry) {
        if (offered == entry) {
            offered = null;
        }
        Lane lane = entry.lane;
        if (lane == null) {
            waiting.remove(entry);
            return null;
        }
        changing.remove(entry);
        order.take(lane, entry);
        return lane;
    }

    private void dropIfEmpty(Lane lane) {
        if (!lane.vms.isEmpty()) {
            return;
        }
        VmClass of = lane.of;
        order.drop(lane);
        of.lanes.remove(lane.line.namespace);
        if (of.lanes.isEmpty()) {
            classes.remove(of.key);
            wakeups.forget(of);
        }
    }

    private void waitUntil(Entry entry, long untilMillis, String heldFor) {
        entry.untilMillis = untilMillis;
        entry.heldFor = heldFor;
        waiting.add(entry);
    }

    /** Puts a VM whose wait is over among those of its class. */
    private void file(Entry entry) {
        ClassKey shared = ClassKey.of(entry.vm.requestAt(nowMillis), hosts.isRepelled(entry.job()));
        ClassKey key = entry.alone ? shared.aloneFor(entry.id()) : shared;
        file(entry, classes.computeIfAbsent(key, any -> new VmClass(classesMade++, key)));
        entry.changesAtMillis = entry.vm.nextChangeMillis(nowMillis);
        if (entry.changesAtMillis != Long.MAX_VALUE) {
            changing.add(entry);
        }
    }

    private void file(Entry entry, VmClass of) {
        Lane lane = of.lanes.computeIfAbsent(
                entry.namespace(), namespace -> order.newLane(of, entry.priority(), namespace));
        order.add(lane, entry);
        if (of.state != VmClass.State.BLOCKED) {
            order.show(lane);
        }
    }

    // ---- turns

    /** The VM that is to be decided on now; empty if none is ready. */
    public Optional<PlacementRequest> next() {
        if (offered != null) {
            throw new IllegalStateException("VM " + offered.id() + " was offered and not answered for");
        }
        for (Lane lane = order.first(); lane != null; lane = order.first()) {
            if (wakeups.mayTry(lane.of)) {
                order.begin(lane.line);
                offers++;
                Entry entry = lane.vms.first();
                offered = entry;
                return Optional.of(entry.vm.requestAt(nowMillis));
            }
        }
        return Optional.empty();
    }

    /** The offered VM goes to a host, where it is counted by now, and leaves the queue. */
    public void placed(UUID vmId, String hostId) {
        Entry entry = answered(vmId, FairOrder.PLACED);
        VmClass of = lane(entry).of;
        if (of.state == VmClass.State.READY) {
            of.verdict = null;
        }
        remove(vmId);
        wakeups.joined(entry.job(), hostId);
    }

    /** No host will do for the offered VM, and so for none of its class until something changes. */
    public void rejected(UUID vmId, Decision decision) {
        Entry entry = answered(vmId, FairOrder.VAIN);
        VmClass of = lane(entry).of;
        if (of.key.near().isEmpty() && hosts.isRepelled(entry.job())) {
            of = moveJob(of, entry.job());
        }
        wakeups.block(of, entry.vm.requestAt(nowMillis), new Verdict(decision, nowMillis), elapsedMillis);
    }

    /** The offered VM must not be placed yet, for a reason of its own; {@code explain} shows it. */
    public void putOff(UUID vmId, long untilMillis, String why) {
        Entry entry = answered(vmId, FairOrder.VAIN);
        Lane former = leavePlace(entry);
        waitUntil(entry, untilMillis, why);
        if (former != null) {
            dropIfEmpty(former);
        }
    }

    /**
     * Something has come about that this one VM waited for, such as the end of those whose place is kept for it: it is
     * decided on in its turn, whatever is known of its class, and is a class of its own from now on. False if it does not
     * wait here.
     */
    public boolean recall(UUID vmId) {
        Entry entry = entries.get(vmId);
        if (entry == null) {
            return false;
        }
        Lane former = leavePlace(entry);
        entry.alone = true;
        file(entry);
        wakeups.free(lane(entry).of);
        if (former != null) {
            dropIfEmpty(former);
        }
        return true;
    }

    private Entry answered(UUID vmId, long cost) {
        Entry entry = offered;
        if (entry == null || !entry.id().equals(vmId)) {
            throw new IllegalStateException("VM " + vmId + " was not offered");
        }
        offered = null;
        order.end(lane(entry).line, cost);
        return entry;
    }

    /**
     * Other jobs' VMs keep away from those of the job, which was not so when they came: from now on no VM of another job
     * stands for them. Returns the class of the one that was offered.
     */
    private VmClass moveJob(VmClass from, JobKey job) {
        Lane lane = Objects.requireNonNull(from.lanes.get(job.namespace()));
        VmClass to = null;
        for (Entry entry : List.copyOf(lane.vms)) {
            if (entry.job().equals(job)) {
                leavePlace(entry);
                file(entry);
                to = lane(entry).of;
            }
        }
        dropIfEmpty(lane);
        return Objects.requireNonNull(to);
    }

    private static Lane lane(Entry entry) {
        return Objects.requireNonNull(entry.lane);
    }

    // ---- changes

    /**
     * A host is new, or has more room, other traits, or fewer starts in flight. Cheap: what it can help is found out by
     * the next {@link #advance}, once however often it changes.
     */
    public void hostChanged(String hostId) {
        wakeups.hostChanged(hostId);
    }

    /** A VM of the job is on the host, and did not come there from this queue. */
    public void joined(JobKey job, String hostId) {
        wakeups.joined(job, hostId);
    }

    /**
     * A VM of the job is gone from the host, which is a change of the host too.
     *
     * @param rules of the job
     */
    public void left(JobKey job, PlacementRules rules, String hostId) {
        wakeups.left(job, rules, hostId);
    }

    /** A host with instances has other labels: VMs are in other racks and zones than before. */
    public void domainsChanged() {
        wakeups.domainsChanged();
    }

    /**
     * VMs of that priority may be ended for others by now, which was not so before: classes of higher priority are tried
     * anew.
     */
    public void endable(int priority) {
        wakeups.endable(priority);
    }

    /** Anything may have changed, such as the rules of placement themselves: every class is tried anew. */
    public void everythingChanged() {
        wakeups.everythingChanged();
    }

    /**
     * Time goes on: waits end, and what happened since the last call sets classes free.
     *
     * @param now in milliseconds since 1970; may go back, as wall clocks do
     */
    public void advance(long now) {
        if (nowMillis != Long.MIN_VALUE) {
            elapsedMillis += Math.max(0, now - nowMillis);
        }
        nowMillis = now;
        endWaits();
        wakeups.lookAtChangedHosts(settings.checksMax());
        wakeups.recheck(elapsedMillis - settings.recheckMillis(), settings.rechecksMax());
    }

    private void endWaits() {
        while (!waiting.isEmpty() && waiting.first().untilMillis <= nowMillis) {
            Entry entry = waiting.first();
            waiting.remove(entry);
            file(entry);
        }
        while (!changing.isEmpty() && changing.first().changesAtMillis <= nowMillis) {
            Entry entry = changing.first();
            Lane former = leavePlace(entry);
            file(entry);
            if (former != null) {
                dropIfEmpty(former);
            }
        }
    }

    // ---- what is shown

    /** Where a VM stands; empty if it does not wait here. Takes time in proportion to the queue. */
    public Optional<QueueFacts> facts(UUID vmId) {
        Entry entry = entries.get(vmId);
        if (entry == null) {
            return Optional.empty();
        }
        Lane lane = entry.lane;
        VmClass of = lane == null ? null : lane.of;
        State state = of == null ? State.WAITING : of.state == VmClass.State.BLOCKED ? State.BLOCKED : State.READY;
        return Optional.of(new QueueFacts(
                state,
                order.ahead(entry),
                entries.size(),
                entry.vm.sinceMillis(),
                state == State.WAITING ? OptionalLong.of(entry.untilMillis) : OptionalLong.empty(),
                state == State.WAITING ? entry.heldFor : "",
                of == null ? Optional.empty() : Optional.ofNullable(of.verdict),
                of == null ? 1 : of.size(),
                of != null && state == State.BLOCKED
                        ? OptionalLong.of(
                                nowMillis + Math.max(0, of.triedAt + settings.recheckMillis() - elapsedMillis))
                        : OptionalLong.empty()));
    }

    /** Whether a VM waits here. */
    public boolean has(UUID vmId) {
        return entries.containsKey(vmId);
    }

    /** VMs that wait here. */
    public int size() {
        return entries.size();
    }

    /** Why a VM is passed over: the last decision on one of its class; empty if it is not blocked. Cheap. */
    public Optional<Verdict> blockedBy(UUID vmId) {
        Entry entry = entries.get(vmId);
        Lane lane = entry == null ? null : entry.lane;
        return lane == null || lane.of.state != VmClass.State.BLOCKED
                ? Optional.empty()
                : Optional.ofNullable(lane.of.verdict);
    }

    /** A number that the VMs of one class share, as long as it has any; empty if it waits for a time. Cheap. */
    public OptionalLong classOf(UUID vmId) {
        Entry entry = entries.get(vmId);
        Lane lane = entry == null ? null : entry.lane;
        return lane == null ? OptionalLong.empty() : OptionalLong.of(lane.of.number);
    }

    /** The VMs that a verdict on this one holds for, with it, by namespace and age; empty if it waits for a time. */
    public List<UUID> alike(UUID vmId) {
        Entry entry = entries.get(vmId);
        Lane lane = entry == null ? null : entry.lane;
        return lane == null
                ? List.of()
                : lane.of.lanes.values().stream()
                        .flatMap(some -> some.vms.stream())
                        .map(Entry::id)
                        .toList();
    }

    public QueueCounts counts() {
        int ready = order.ready();
        return new QueueCounts(
                entries.size(),
                ready,
                waiting.size(),
                entries.size() - ready - waiting.size(),
                classes.size(),
                wakeups.blockedClasses(),
                offers,
                wakeups.checks());
    }
}
