package io.kelpie.cli.testing;

import com.google.protobuf.Message;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.BackupClusterResponse;
import io.kelpie.proto.v1.ControllerMember;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.DrainedVm;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.GetHostResponse;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.GetVmResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.ListEventsResponse;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListHostsResponse;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListJobsResponse;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import io.kelpie.proto.v1.MoveProgress;
import io.kelpie.proto.v1.Orphan;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.PreviewDrainResponse;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveControllerResponse;
import io.kelpie.proto.v1.RestoreClusterRequest;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import io.kelpie.proto.v1.ThawClusterResponse;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What fake controllers know, kept in plain collections that a test fills and reads. */
public final class FakeCluster {
    /** Every request that changes something and every watch, in the order of arrival, repeated ones too. */
    public final List<Message> requests = new CopyOnWriteArrayList<>();

    public final Map<String, Job> jobs = new ConcurrentSkipListMap<>();
    public final Map<String, Vm> vms = new ConcurrentSkipListMap<>();
    public final Map<String, Host> hosts = new ConcurrentSkipListMap<>();
    public final List<Event> events = new CopyOnWriteArrayList<>();

    /** What each watch does, one after the other; when they are used up: all VMs as they are, then silence. */
    public final Queue<Consumer<StreamObserver<WatchVmsResponse>>> watches = new ConcurrentLinkedQueue<>();

    public volatile Consumer<StreamObserver<ReadVmLogResponse>> log = StreamObserver::onCompleted;
    public volatile Consumer<StreamObserver<BackupClusterResponse>> backup = StreamObserver::onCompleted;
    public final Queue<RestoreClusterRequest> restored = new ConcurrentLinkedQueue<>();
    public volatile @Nullable KelpieException restoreRefusal;
    public final Queue<Orphan> orphans = new ConcurrentLinkedQueue<>();
    public volatile @Nullable ExplainVmResponse explained;

    /** What applying any job would do. */
    public volatile PlanJobResponse plan = PlanJobResponse.getDefaultInstance();

    /** VMs of any host that is drained. */
    public volatile List<DrainedVm> drained = List.of();

    public volatile GetCapacityResponse capacity = GetCapacityResponse.getDefaultInstance();
    public volatile RebalanceResponse rebalance = RebalanceResponse.getDefaultInstance();

    /** Moves that the leader tells; each question about the status takes one away. */
    public final Queue<MoveProgress> moves = new ConcurrentLinkedQueue<>();

    public volatile int affected = 1;
    public volatile int pageSize = 500;
    public volatile List<String> keptDisks = List.of();
    public volatile List<String> applyNotes = List.of();

    /** How often something was really done. */
    public final List<String> done = new CopyOnWriteArrayList<>();

    /** Runs whenever a change arrives, before it is done. */
    public volatile Runnable onChange = () -> {};

    /** What every change of a host is refused for; null: none is. */
    public volatile @Nullable KelpieException hostRefusal;

    private final Map<String, Message> answers = new ConcurrentHashMap<>();

    public void put(Job job) {
        jobs.put(job.getSpec().getNamespace() + "/" + job.getSpec().getName(), job);
    }

    public void put(Vm vm) {
        vms.put(key(vm), vm);
    }

    public void put(Host host) {
        hosts.put(host.getRecord().getName(), host);
    }

    /** Does a change once per request id, and answers the same afterwards. */
    @SuppressWarnings("unchecked")
    synchronized <T extends Message> T change(String requestId, Message request, Supplier<T> change) {
        requests.add(request);
        onChange.run();
        Message before = answers.get(requestId);
        if (before != null) {
            return (T) before;
        }
        T answer = change.get();
        done.add(request.getDescriptorForType().getName());
        answers.put(requestId, answer);
        return answer;
    }

    ApplyJobResponse apply(ApplyJobRequest request) {
        String key = request.getSpec().getNamespace() + "/" + request.getSpec().getName();
        Job before = jobs.get(key);
        long version = before == null ? 0 : before.getVersion();
        if (request.getExpectedVersion() != 0 && request.getExpectedVersion() != version) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_VERSION_CONFLICT,
                    "the job has version " + version + ", not " + request.getExpectedVersion(),
                    Map.of("expected", "" + request.getExpectedVersion(), "actual", "" + version));
        }
        if (request.getSpec().getVm().getBoot().getCmdline().equals("refuse me")) {
            throw KelpieException.invalidField("spec.vm.boot.cmdline", "is refused", "write another");
        }
        boolean same = before != null && before.getSpec().equals(request.getSpec());
        Job now = Job.newBuilder()
                .setJobUid("uid-" + key)
                .setSpec(request.getSpec())
                .setVersion(same ? version : version + 1)
                .build();
        jobs.put(key, now);
        return ApplyJobResponse.newBuilder()
                .setJob(now)
                .setOutcome(
                        before == null
                                ? ApplyJobResponse.Outcome.OUTCOME_CREATED
                                : same
                                        ? ApplyJobResponse.Outcome.OUTCOME_UNCHANGED
                                        : ApplyJobResponse.Outcome.OUTCOME_UPDATED)
                .addAllNotes(applyNotes)
                .build();
    }

    /** The set of controllers that the leader tells. */
    public volatile ControllerSet controllers = ControllerSet.getDefaultInstance();

    public volatile List<String> awaitedControllers = List.of();

    /** Hosts that a freeze or a thaw waits for; each question about the status takes one away. */
    public final Queue<String> awaitedHosts = new ConcurrentLinkedQueue<>();

    private volatile long frozenUntil;

    void statusOf(GetStatusResponse.Builder status) {
        status.setControllerSet(controllers)
                .addAllAwaitedControllers(awaitedControllers)
                .setFrozenUntilMillis(frozenUntil)
                .addAllFreezeAwaitedHosts(awaitedHosts);
        awaitedHosts.poll();
        MoveProgress moving = moves.poll();
        if (moving != null) {
            status.addMoves(moving);
        }
    }

    /** Notes a question whose answer is prepared. */
    <T> T asked(Message request, T answer) {
        requests.add(request);
        return answer;
    }

    PreviewDrainResponse previewDrain(PreviewDrainRequest request) {
        requests.add(request);
        return PreviewDrainResponse.newBuilder()
                .setHost(getHost(request.getHost()).getHost())
                .addAllVms(drained)
                .setWaves(drained.stream().mapToInt(DrainedVm::getWave).max().orElse(0))
                .build();
    }

    DrainHostResponse drain(DrainHostRequest request) {
        return DrainHostResponse.newBuilder()
                .setHost(changeable(request.getHost()))
                .addAllVms(drained)
                .setMoves((int) drained.stream().filter(vm -> vm.getWave() > 0).count())
                .build();
    }

    AddControllerResponse add(AddControllerRequest request) {
        controllers = controllers.toBuilder()
                .setVersion(controllers.getVersion() + 1)
                .addMembers(ControllerMember.newBuilder()
                        .setControllerId(request.getControllerId())
                        .setAddress(request.getAddress()))
                .build();
        return AddControllerResponse.newBuilder()
                .setControllerSet(controllers)
                .setChanged(true)
                .addAllAwaited(awaitedControllers)
                .build();
    }

    RemoveControllerResponse remove(RemoveControllerRequest request) {
        if (!request.getConfirmedDead()) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_STATE, "it may still run", "repeat it with --confirm-dead");
        }
        controllers =
                controllers.toBuilder().setVersion(controllers.getVersion() + 1).build();
        return RemoveControllerResponse.newBuilder()
                .setControllerSet(controllers)
                .build();
    }

    FreezeClusterResponse freeze(FreezeClusterRequest request) {
        frozenUntil = Kelpie.NOW + 1_000L * request.getDurationSeconds();
        return FreezeClusterResponse.newBuilder()
                .setUntilMillis(frozenUntil)
                .addAllHostsAwaited(awaitedHosts)
                .build();
    }

    ThawClusterResponse thaw() {
        frozenUntil = 0;
        return ThawClusterResponse.newBuilder().addAllHostsAwaited(awaitedHosts).build();
    }

    ScaleJobResponse scale(ScaleJobRequest request) {
        Job job = job(request.getNamespace(), request.getName());
        Job now = job.toBuilder()
                .setSpec(job.getSpec().toBuilder().setReplicas(request.getReplicas()))
                .build();
        put(now);
        return ScaleJobResponse.newBuilder().setJob(now).build();
    }

    DeleteJobResponse delete(DeleteJobRequest request) {
        job(request.getNamespace(), request.getName());
        jobs.remove(request.getNamespace() + "/" + request.getName());
        return DeleteJobResponse.newBuilder().addAllKeptDisks(keptDisks).build();
    }

    Job job(String namespace, String name) {
        Job job = jobs.get(namespace + "/" + name);
        if (job == null) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_JOB_NOT_FOUND,
                    "there is no job '" + name + "' in namespace '" + namespace + "'");
        }
        return job;
    }

    GetVmResponse getVm(String namespace, String name) {
        Vm vm = vms.get(namespace + "/" + name);
        if (vm == null) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_VM_NOT_FOUND,
                    "there is no VM '" + name + "' in namespace '" + namespace + "'");
        }
        return GetVmResponse.newBuilder().setVm(vm).addAllEvents(events).build();
    }

    /** A host that an operator is about to declare dead, power off or remove. */
    Host changeable(String name) {
        KelpieException refusal = hostRefusal;
        if (refusal != null) {
            throw refusal;
        }
        return getHost(name).getHost();
    }

    GetHostResponse getHost(String name) {
        Host host = hosts.get(name);
        if (host == null) {
            throw new KelpieException(ErrorReason.ERROR_REASON_HOST_NOT_FOUND, "there is no host '" + name + "'");
        }
        return GetHostResponse.newBuilder()
                .setHost(host)
                .addAllVms(vms.values())
                .addAllEvents(events)
                .build();
    }

    ListJobsResponse listJobs(ListJobsRequest request) {
        List<Job> matching = jobs.values().stream()
                .filter(job -> request.getNamespace().isEmpty()
                        || request.getNamespace().equals(job.getSpec().getNamespace()))
                .filter(job -> job.getSpec()
                        .getLabelsMap()
                        .entrySet()
                        .containsAll(request.getLabelsMap().entrySet()))
                .toList();
        Page<Job> page = page(matching, request.getPageToken());
        return ListJobsResponse.newBuilder()
                .addAllJobs(page.items)
                .setNextPageToken(page.next)
                .build();
    }

    ListVmsResponse listVms(ListVmsRequest request) {
        requests.add(request);
        List<Vm> matching = vms.values().stream()
                .filter(vm -> request.getNamespace().isEmpty()
                        || request.getNamespace().equals(vm.getRecord().getNamespace()))
                .filter(vm -> request.getJob().isEmpty()
                        || request.getJob().equals(vm.getRecord().getJob()))
                .filter(vm ->
                        request.getHostName().isEmpty() || request.getHostName().equals(vm.getHostName()))
                .toList();
        Page<Vm> page = page(matching, request.getPageToken());
        return ListVmsResponse.newBuilder()
                .addAllVms(page.items)
                .setNextPageToken(page.next)
                .build();
    }

    ListHostsResponse listHosts(ListHostsRequest request) {
        Page<Host> page = page(new ArrayList<>(hosts.values()), request.getPageToken());
        return ListHostsResponse.newBuilder()
                .addAllHosts(page.items)
                .setNextPageToken(page.next)
                .build();
    }

    ListEventsResponse listEvents(ListEventsRequest request) {
        return ListEventsResponse.newBuilder()
                .addAllEvents(events.stream()
                        .filter(event -> request.getSubject().isEmpty()
                                || request.getSubject().equals(event.getSubject()))
                        .filter(event -> event.getSequence() > request.getAfterSequence())
                        .toList())
                .setSinceMillis(1)
                .build();
    }

    void watch(WatchVmsRequest request, StreamObserver<WatchVmsResponse> observer) {
        requests.add(request);
        Consumer<StreamObserver<WatchVmsResponse>> prepared = watches.poll();
        if (prepared != null) {
            prepared.accept(observer);
            return;
        }
        Map<String, Vm> matching = new TreeMap<>(vms);
        matching.values().removeIf(vm -> {
            boolean ofJob = request.getJob().isEmpty()
                    || request.getJob().equals(vm.getRecord().getJob());
            boolean named = request.getName().isEmpty() || request.getName().equals(vm.getName());
            return !ofJob || !named;
        });
        observer.onNext(synced(matching.values()));
    }

    /** A step of a watch after which the watcher knows all. */
    public static WatchVmsResponse synced(Iterable<Vm> vms) {
        return WatchVmsResponse.newBuilder()
                .addAllChanged(vms)
                .setSynced(true)
                .setVersion(1)
                .build();
    }

    private record Page<T>(List<T> items, String next) {}

    private <T> Page<T> page(List<T> all, String token) {
        int from = token.isEmpty() ? 0 : Integer.parseInt(token);
        int to = Math.min(all.size(), from + pageSize);
        return new Page<>(all.subList(from, to), to < all.size() ? Integer.toString(to) : "");
    }

    private static String key(Vm vm) {
        return vm.getRecord().getNamespace() + "/" + vm.getName();
    }
}
