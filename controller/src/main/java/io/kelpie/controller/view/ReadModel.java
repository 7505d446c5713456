package io.kelpie.controller.view;

import io.kelpie.controller.model.JobKey;
import io.kelpie.proto.v1.Decision;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What operators may see: committed records and the leader's observations, of one term.
 *
 * <p>The control thread alone changes it, after commits. Any thread reads; each record that is read is consistent in
 * itself. Each change of a VM gets a version, from which a watch can go on as long as it is remembered.
 */
public final class ReadModel {
    /** Changes remembered for watches. */
    static final int CHANGES_KEPT = 16_384;

    /** A VM that changed or is gone at a version. */
    public record Change(long version, VmName name) {}

    private final ConcurrentSkipListMap<VmName, VmView> vms = new ConcurrentSkipListMap<>();
    private final ConcurrentSkipListMap<JobKey, JobView> jobs = new ConcurrentSkipListMap<>();
    private final ConcurrentSkipListMap<String, HostInfo> hostsByName = new ConcurrentSkipListMap<>();
    private final ConcurrentSkipListMap<String, String> hostNamesById = new ConcurrentSkipListMap<>();
    private final DecisionHistory decisions = new DecisionHistory();
    private final Deque<Change> changes = new ArrayDeque<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private long version;

    /** {@code firstVersion} must be above every version of earlier terms. */
    public ReadModel(long firstVersion) {
        this.version = firstVersion;
    }

    /**
     * A VM that was there when the term began: no change that a watch could see. Only before anyone else can read; quick
     * if the VMs come in the order of their names.
     */
    public void loadVm(VmView vm) {
        vms.put(vm.name(), vm);
    }

    public void putVm(VmView vm) {
        VmView former = vms.put(vm.name(), vm);
        if (former != null) {
            former.decision()
                    .filter(decision -> vm.decision()
                            .filter(now -> DecisionHistory.isSame(decision, now))
                            .isEmpty())
                    .ifPresent(decision -> decisions.add(vm.name(), decision));
        }
        changed(vm.name());
    }

    public void removeVm(VmName name) {
        if (vms.remove(name) != null) {
            decisions.forget(name);
            changed(name);
        }
    }

    public void putJob(JobView job) {
        jobs.put(job.key(), job);
    }

    public void removeJob(JobKey key) {
        jobs.remove(key);
    }

    public void putHost(HostInfo host) {
        String name = host.record().getName();
        String former = hostNamesById.put(host.record().getHostId(), name);
        if (former != null && !former.equals(name)) {
            hostsByName.remove(former);
        }
        hostsByName.put(name, host);
    }

    public void removeHost(String id) {
        String name = hostNamesById.remove(id);
        if (name != null) {
            hostsByName.remove(name);
        }
    }

    public Optional<VmView> vm(VmName name) {
        return Optional.ofNullable(vms.get(name));
    }

    /** Decisions on a VM before its present one, the latest first: at most 4, and only those of this term. */
    public List<Decision> formerDecisions(VmName name) {
        return decisions.of(name);
    }

    /** All VMs in the order of their names; a live view. */
    public NavigableMap<VmName, VmView> vms() {
        return vms;
    }

    /** The VMs of a job; a live view. */
    public Collection<VmView> vmsOf(JobKey job) {
        return vms.subMap(new VmName(job, 0), true, new VmName(job, Integer.MAX_VALUE), true)
                .values();
    }

    public Optional<JobView> job(JobKey key) {
        return Optional.ofNullable(jobs.get(key));
    }

    /** All jobs in the order of their keys; a live view. */
    public NavigableMap<JobKey, JobView> jobs() {
        return jobs;
    }

    /** All hosts in the order of their names; a live view. */
    public NavigableMap<String, HostInfo> hosts() {
        return hostsByName;
    }

    /** A host by its name or id. */
    public Optional<HostInfo> host(String nameOrId) {
        HostInfo byName = hostsByName.get(nameOrId);
        if (byName != null) {
            return Optional.of(byName);
        }
        String name = hostNamesById.get(nameOrId);
        return name == null ? Optional.empty() : Optional.ofNullable(hostsByName.get(name));
    }

    /** Version of the last change. */
    public synchronized long version() {
        return version;
    }

    /** Changes after a version, oldest first; empty if they are not remembered (the watcher must begin anew). */
    public synchronized Optional<List<Change>> changesAfter(long after) {
        if (after > version) {
            return Optional.empty();
        }
        Change oldest = changes.peekFirst();
        long forgotten = oldest == null ? version : oldest.version() - 1;
        if (after < forgotten) {
            return Optional.empty();
        }
        List<Change> found = new ArrayList<>();
        var newestFirst = changes.descendingIterator();
        while (newestFirst.hasNext()) {
            Change change = newestFirst.next();
            if (change.version() <= after) {
                break;
            }
            found.add(change);
        }
        Collections.reverse(found);
        return Optional.of(found);
    }

    /** Called on the control thread after each change of a VM; must only hand over. */
    public void addListener(Runnable listener) {
        listeners.add(listener);
    }

    /** The term has ended and no change comes any more: wakes the listeners, so that they see it. */
    public void end() {
        listeners.forEach(Runnable::run);
    }

    public void removeListener(Runnable listener) {
        listeners.remove(listener);
    }

    private void changed(VmName name) {
        synchronized (this) {
            version++;
            changes.addLast(new Change(version, name));
            if (changes.size() > CHANGES_KEPT) {
                changes.removeFirst();
            }
        }
        listeners.forEach(Runnable::run);
    }
}
