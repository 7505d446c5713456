package io.kelpie.controller.control;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.model.Job;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.controller.store.Write;
import io.kelpie.controller.view.EventLog;
import io.kelpie.controller.view.JobView;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.CapabilitiesRecord;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSetRecord;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostRecord;
import io.kelpie.proto.v1.JobRecord;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.VmRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The leader's working state and the only way to change it. A change is visible here at once, is written by the unit
 * that it is given to, and reaches the read model once that unit is durable.
 *
 * <p>Reservations are no counters of their own: each change of a VM's record takes the old record's holdings from its
 * host and adds the new one's, so that they cannot differ from the placements. Belongs to the control thread.
 */
final class ClusterEditor {
    private static final int FORMAT = 1;

    private final TimeSource time;
    private final ReadModel view;
    private final EventLog events;

    private final NavigableMap<JobKey, JobEntry> jobs = new TreeMap<>();
    private final Map<UUID, VmEntry> vms = new HashMap<>();
    private final Map<String, HostEntry> hosts = new TreeMap<>();
    /** By every name that a host has had in this term; whoever asks looks whether it still has it. */
    private final Map<String, HostEntry> hostsByName = new HashMap<>();

    private final AnsweredRequests requests;
    private final Set<VmEntry> pending = new LinkedHashSet<>();
    private final Set<VmEntry> passing = new LinkedHashSet<>();
    private final ClusterChanges changes = new ClusterChanges();
    private final Set<VmEntry> withSpared = new LinkedHashSet<>();
    private final Set<JobKey> jobsToReconcile = new LinkedHashSet<>();

    private ConfigRecord config = ConfigRecord.getDefaultInstance();
    private int configVersion = Write.ABSENT;
    private ControllerSetRecord controllerSet = ControllerSetRecord.getDefaultInstance();
    private int controllerSetVersion = Write.ABSENT;

    ClusterEditor(TimeSource time, ReadModel view, EventLog events) {
        this.time = time;
        this.view = view;
        this.events = events;
        requests = new AnsweredRequests(time);
    }

    /**
     * Takes over what the store held when the term began, before anything is changed or seen. VMs go in by job and
     * ordinal: every sorted collection is then filled at its end, which is many times quicker than in the order of the
     * store, and nobody has to be told of each of them.
     *
     * @throws IllegalStateException if the store has a VM without its job
     */
    void load(ParsedState state) {
        state.config().ifPresent(stored -> {
            config = stored.record();
            configVersion = stored.version();
        });
        state.controllers().ifPresent(stored -> {
            controllerSet = stored.record();
            controllerSetVersion = stored.version();
        });
        for (var stored : state.hosts()) {
            HostEntry host = new HostEntry(stored.record());
            host.set(stored.record(), stored.version());
            host.healthSinceMillis = time.wallMillis();
            hosts.put(host.id(), host);
            hostsByName.put(host.name(), host);
        }
        for (var stored : state.capabilities()) {
            HostEntry host = stored.key() instanceof RecordKey.CapabilitiesKey key ? hosts.get(key.hostId()) : null;
            if (host != null) {
                host.setCapabilities(stored.record().getCapabilities(), stored.version());
            }
        }
        for (var stored : state.jobs()) {
            JobEntry job = new JobEntry(stored.record());
            job.set(stored.record(), stored.version());
            jobs.put(job.key(), job);
            jobsToReconcile.add(job.key());
            view.putJob(new JobView(job.key(), stored.record()));
        }
        loadVms(state.vms());
        for (var stored : state.requests()) {
            if (stored.key() instanceof RecordKey.RequestKey key) {
                requests.load(key.requestId(), stored.record(), stored.version());
            }
        }
        hosts.values().forEach(this::publish);
    }

    private void loadVms(List<ParsedState.Parsed<VmRecord>> stored) {
        Map<String, JobEntry> jobsByUid = new HashMap<>();
        jobs.values().forEach(job -> jobsByUid.put(job.record().getJobUid(), job));
        Map<String, HostEntry> hostsById = new HashMap<>(hosts);
        Map<JobEntry, List<VmEntry>> loaded = new IdentityHashMap<>();
        for (var each : stored) {
            VmRecord record = each.record();
            JobEntry job = jobsByUid.get(record.getJobUid());
            if (job == null || !isOf(record, job)) {
                throw new IllegalStateException(
                        "the store has VM " + Records.jobKey(record) + "-" + record.getOrdinal() + " but not its job");
            }
            VmEntry vm = new VmEntry(record, job.key());
            vm.set(record, each.version());
            loaded.computeIfAbsent(job, key -> new ArrayList<>()).add(vm);
        }
        List<VmEntry> waiting = new ArrayList<>();
        for (JobEntry job : jobs.values()) {
            List<VmEntry> ofJob = loaded.getOrDefault(job, new ArrayList<>());
            ofJob.sort(Comparator.comparingInt(vm -> vm.record().getOrdinal()));
            for (VmEntry vm : ofJob) {
                VmRecord record = vm.record();
                vms.put(vm.id(), vm);
                job.vms.put(record.getOrdinal(), vm);
                HostEntry placed = hostsById.get(record.getHostId());
                HostEntry storage = hostsById.get(record.getStorageHostId());
                if (placed != null) {
                    changes.moved(vm.id());
                    placed.count(record, vm.id(), 1);
                }
                if (storage != null && storage != placed) {
                    storage.count(record, vm.id(), 1);
                }
                if (vm.state() == VmState.PENDING) {
                    waiting.add(vm);
                }
                index(vm);
                view.loadVm(snapshot(vm, job));
            }
        }
        // The queue goes on in the order in which they began to wait.
        waiting.sort(Comparator.comparingLong(vm -> vm.record().getStateSinceMillis()));
        pending.clear();
        pending.addAll(waiting);
        waiting.forEach(vm -> changes.waiting(vm.id()));
        jobs.keySet().forEach(changes::staffing);
    }

    private static boolean isOf(VmRecord record, JobEntry job) {
        return record.getJob().equals(job.key().name())
                && record.getNamespace().equals(job.key().namespace());
    }

    Optional<JobEntry> job(JobKey key) {
        return Optional.ofNullable(jobs.get(key));
    }

    Collection<JobEntry> jobs() {
        return Collections.unmodifiableCollection(jobs.values());
    }

    /** The job of a VM; there always is one. */
    JobEntry jobOf(VmEntry vm) {
        JobEntry job = jobs.get(vm.name().job());
        if (job == null) {
            throw new IllegalStateException("VM " + vm.name() + " has no job");
        }
        return job;
    }

    Optional<VmEntry> vm(UUID id) {
        return Optional.ofNullable(vms.get(id));
    }

    Collection<VmEntry> vms() {
        return Collections.unmodifiableCollection(vms.values());
    }

    /** VMs that wait for a place, in the order in which they began to. */
    Collection<VmEntry> pending() {
        return Collections.unmodifiableCollection(pending);
    }

    /** What has changed since others looked. */
    ClusterChanges changes() {
        return changes;
    }

    /** VMs in a state that must not last. */
    Collection<VmEntry> passing() {
        return Collections.unmodifiableCollection(passing);
    }

    /** VMs with live instances beside their present ones. */
    Collection<VmEntry> withSpared() {
        return Collections.unmodifiableCollection(withSpared);
    }

    /** All records as they are now, but the cluster's own. */
    List<RecordsOfTerm.Entry> records() {
        List<RecordsOfTerm.Entry> records = new ArrayList<>();
        for (HostEntry host : hosts.values()) {
            records.add(new RecordsOfTerm.Entry(new RecordKey.HostKey(host.id()), host.record()));
            if (host.capabilitiesVersion() != Write.ABSENT) {
                records.add(new RecordsOfTerm.Entry(
                        new RecordKey.CapabilitiesKey(host.id()),
                        CapabilitiesRecord.newBuilder()
                                .setFormat(FORMAT)
                                .setCapabilities(host.capabilities())
                                .build()));
            }
        }
        jobs.values()
                .forEach(job ->
                        records.add(new RecordsOfTerm.Entry(new RecordKey.JobRecordKey(job.key()), job.record())));
        vms.values().stream()
                .filter(vm -> vm.version() != Write.ABSENT)
                .forEach(vm -> records.add(new RecordsOfTerm.Entry(new RecordKey.VmKey(vm.id()), vm.record())));
        records.addAll(requests.records());
        if (configVersion != Write.ABSENT) {
            records.add(new RecordsOfTerm.Entry(new RecordKey.ConfigKey(), config));
        }
        if (controllerSetVersion != Write.ABSENT) {
            records.add(new RecordsOfTerm.Entry(new RecordKey.ControllerSetKey(), controllerSet));
        }
        return records;
    }

    Optional<HostEntry> host(String id) {
        return Optional.ofNullable(hosts.get(id));
    }

    Optional<HostEntry> hostByName(String nameOrId) {
        HostEntry byId = hosts.get(nameOrId);
        if (byId != null) {
            return Optional.of(byId);
        }
        HostEntry named = hostsByName.get(nameOrId);
        boolean present =
                named != null && hosts.get(named.id()) == named && named.name().equals(nameOrId);
        return present ? Optional.ofNullable(named) : Optional.empty();
    }

    /** Hosts in the order of their ids. */
    Collection<HostEntry> hosts() {
        return Collections.unmodifiableCollection(hosts.values());
    }

    /** Operators' calls that were answered, so that none is carried out twice. */
    AnsweredRequests requests() {
        return requests;
    }

    EventLog events() {
        return events;
    }

    /** What operators have set for the whole cluster. */
    ConfigRecord config() {
        return config;
    }

    /** The committed set of controllers. */
    ControllerSetRecord controllerSet() {
        return controllerSet;
    }

    /** Controllers that may lead. */
    int controllersThatMayLead() {
        return (int) controllerSet.getSet().getMembersList().stream()
                .filter(ControllerMember::getMayLead)
                .count();
    }

    long nowMillis() {
        return time.wallMillis();
    }

    long nowNanos() {
        return time.nanoTime();
    }

    /** Takes the jobs whose VMs may differ from what their spec asks for. */
    List<JobEntry> takeJobsToReconcile() {
        List<JobEntry> found = jobsToReconcile.stream()
                .map(jobs::get)
                .filter(java.util.Objects::nonNull)
                .toList();
        jobsToReconcile.clear();
        return found;
    }

    void reconcileLater(JobKey key) {
        jobsToReconcile.add(key);
    }

    // ---- changes ----

    JobEntry createJob(JobRecord record, Unit unit) {
        JobEntry job = new JobEntry(record);
        if (jobs.putIfAbsent(job.key(), job) != null) {
            throw new IllegalStateException("job " + job.key() + " exists");
        }
        putJob(job, record, unit);
        return job;
    }

    void putJob(JobEntry job, JobRecord record, Unit unit) {
        JobRecord next = record.toBuilder().setFormat(FORMAT).build();
        unit.write(new Write.Put(new RecordKey.JobRecordKey(job.key()), next.toByteString(), job.version()));
        Job former = job.job();
        JobSpec formerSpec = job.record().getSpec();
        job.set(next, job.version() + 1);
        changes.job(job, former, formerSpec);
        jobsToReconcile.add(job.key());
        unit.then(() -> view.putJob(new JobView(job.key(), next)));
    }

    void removeJob(JobEntry job, Unit unit) {
        if (!job.vms.isEmpty()) {
            throw new IllegalStateException("job " + job.key() + " still has VMs");
        }
        unit.write(new Write.Delete(new RecordKey.JobRecordKey(job.key()), job.version()));
        jobs.remove(job.key());
        unit.then(() -> view.removeJob(job.key()));
    }

    /** Makes a VM that waits for its first place. It is not stored before it has one: it follows from its job. */
    VmEntry createVm(JobEntry job, VmRecord record, Unit unit) {
        VmEntry vm = new VmEntry(record.toBuilder().setFormat(FORMAT).build(), job.key());
        vm.enqueuedNanos = time.nanoTime();
        vms.put(vm.id(), vm);
        job.vms.put(record.getOrdinal(), vm);
        changes.vmCreated(vm);
        index(vm);
        unit.then(() -> publish(vm, job));
        return vm;
    }

    void putVm(VmEntry vm, VmRecord record, Unit unit) {
        JobEntry job = jobOf(vm);
        VmRecord former = vm.record();
        VmRecord next = record.toBuilder().setFormat(FORMAT).build();
        unit.write(new Write.Put(new RecordKey.VmKey(vm.id()), next.toByteString(), vm.version()));
        for (HostEntry host : hostsOf(former, next)) {
            host.count(former, vm.id(), -1);
            host.count(next, vm.id(), 1);
        }
        vm.set(next, vm.version() + 1);
        changes.vm(vm, former);
        if (former.getState() != next.getState() || former.getIncarnation() != next.getIncarnation()) {
            vm.pendingDecision = null;
            vm.deadlinesPassed = 0;
            vm.nextDeadlineNanos = 0;
            jobsToReconcile.add(job.key());
        }
        if (former.getIncarnation() != next.getIncarnation()) {
            vm.observed = null;
            vm.enqueuedNanos = time.nanoTime();
        }
        index(vm);
        publishLater(vm, job, unit);
        hostsOf(former, next).forEach(host -> unit.then(() -> publish(host)));
    }

    /** Removes a VM of which nothing is left anywhere. */
    void removeVm(VmEntry vm, Unit unit) {
        JobEntry job = jobOf(vm);
        if (vm.version() != Write.ABSENT) {
            unit.write(new Write.Delete(new RecordKey.VmKey(vm.id()), vm.version()));
        }
        List<HostEntry> affected = hostsOf(vm.record(), vm.record());
        affected.forEach(host -> host.count(vm.record(), vm.id(), -1));
        changes.vmRemoved(vm);
        vms.remove(vm.id());
        job.vms.remove(vm.record().getOrdinal());
        pending.remove(vm);
        passing.remove(vm);
        withSpared.remove(vm);
        if (!job.record().getDeleting()
                && job.record().getIncarnationFloor() < vm.record().getIncarnation()) {
            // The VM's UUID comes again if the job grows again: its incarnations must go on from here.
            putJob(
                    job,
                    job.record().toBuilder()
                            .setIncarnationFloor(vm.record().getIncarnation())
                            .build(),
                    unit);
        }
        jobsToReconcile.add(job.key());
        unit.then(() -> view.removeVm(vm.name()));
        affected.forEach(host -> unit.then(() -> publish(host)));
    }

    HostEntry createHost(HostRecord record, Unit unit) {
        HostEntry host = new HostEntry(record);
        hosts.put(host.id(), host);
        putHost(host, record, unit);
        return host;
    }

    void putHost(HostEntry host, HostRecord record, Unit unit) {
        HostRecord next = record.toBuilder().setFormat(FORMAT).build();
        unit.write(new Write.Put(new RecordKey.HostKey(host.id()), next.toByteString(), host.version()));
        host.set(next, host.version() + 1);
        hostsByName.put(host.name(), host);
        unit.then(() -> publish(host));
    }

    /** Removes a host on which no VM depends. */
    void removeHost(HostEntry host, Unit unit) {
        if (!host.held().isEmpty()) {
            throw new IllegalStateException("host " + host.name() + " still has VMs or files of them");
        }
        unit.write(new Write.Delete(new RecordKey.HostKey(host.id()), host.version()));
        if (host.capabilitiesVersion() != Write.ABSENT) {
            unit.write(new Write.Delete(new RecordKey.CapabilitiesKey(host.id()), host.capabilitiesVersion()));
        }
        hosts.remove(host.id());
        unit.then(() -> view.removeHost(host.id()));
    }

    void putCapabilities(HostEntry host, HostCapabilities capabilities, Unit unit) {
        CapabilitiesRecord record = CapabilitiesRecord.newBuilder()
                .setFormat(FORMAT)
                .setCapabilities(capabilities)
                .build();
        unit.write(new Write.Put(
                new RecordKey.CapabilitiesKey(host.id()), record.toByteString(), host.capabilitiesVersion()));
        host.setCapabilities(capabilities, host.capabilitiesVersion() + 1);
        unit.then(() -> publish(host));
    }

    void putConfig(ConfigRecord record, Unit unit) {
        ConfigRecord next = record.toBuilder().setFormat(FORMAT).build();
        unit.write(new Write.Put(new RecordKey.ConfigKey(), next.toByteString(), configVersion));
        config = next;
        configVersion++;
    }

    void putControllerSet(ControllerSetRecord record, Unit unit) {
        ControllerSetRecord next = record.toBuilder().setFormat(FORMAT).build();
        unit.write(new Write.Put(new RecordKey.ControllerSetKey(), next.toByteString(), controllerSetVersion));
        controllerSet = next;
        controllerSetVersion++;
    }

    // ---- what operators see ----

    /** Shows a VM's observations, which are not stored; its record is shown by the unit that wrote it. */
    void publishObservation(VmEntry vm, Unit unit) {
        publishLater(vm, jobOf(vm), unit);
    }

    private void publishLater(VmEntry vm, JobEntry job, Unit unit) {
        VmView snapshot = snapshot(vm, job);
        unit.then(() -> {
            if (vms.get(vm.id()) == vm) {
                view.putVm(snapshot);
            }
        });
    }

    private void publish(VmEntry vm, JobEntry job) {
        view.putVm(snapshot(vm, job));
    }

    private static VmView snapshot(VmEntry vm, JobEntry job) {
        return new VmView(vm.name(), vm.record(), job.specOf(vm).getVm(), vm.observed, vm.pendingDecision);
    }

    /** Shows a host as it is now. */
    void publish(HostEntry host) {
        if (hosts.get(host.id()) == host) { // not one that is being removed
            view.putHost(host.info());
        }
    }

    private void index(VmEntry vm) {
        pending.remove(vm);
        passing.remove(vm);
        if (vm.record().getSparedCount() > 0) {
            withSpared.add(vm);
        } else {
            withSpared.remove(vm);
        }
        switch (vm.state()) {
            case PENDING -> pending.add(vm);
            case PLACED, STARTING, MIGRATING, STOPPING, EVICTING, DELETING, DELETED -> passing.add(vm);
            case RUNNING, STOPPED, FAILED -> {}
        }
    }

    private List<HostEntry> hostsOf(VmRecord former, VmRecord next) {
        Set<HostEntry> found = new LinkedHashSet<>();
        for (String id :
                List.of(former.getHostId(), former.getStorageHostId(), next.getHostId(), next.getStorageHostId())) {
            @Nullable HostEntry host = hosts.get(id);
            if (host != null) {
                found.add(host);
            }
        }
        return List.copyOf(found);
    }
}
