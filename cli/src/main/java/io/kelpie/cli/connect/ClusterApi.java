package io.kelpie.cli.connect;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.proto.v1.AcceptStoreRequest;
import io.kelpie.proto.v1.AcceptStoreResponse;
import io.kelpie.proto.v1.AddControllerRequest;
import io.kelpie.proto.v1.AddControllerResponse;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.BackupClusterRequest;
import io.kelpie.proto.v1.BackupClusterResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ConfirmHostDeadRequest;
import io.kelpie.proto.v1.ConfirmHostDeadResponse;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlJobResponse;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.ControlVmResponse;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.DrainHostRequest;
import io.kelpie.proto.v1.DrainHostResponse;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.ExplainVmResponse;
import io.kelpie.proto.v1.FenceHostRequest;
import io.kelpie.proto.v1.FenceHostResponse;
import io.kelpie.proto.v1.FreezeClusterRequest;
import io.kelpie.proto.v1.FreezeClusterResponse;
import io.kelpie.proto.v1.GetCapacityRequest;
import io.kelpie.proto.v1.GetCapacityResponse;
import io.kelpie.proto.v1.GetHostRequest;
import io.kelpie.proto.v1.GetHostResponse;
import io.kelpie.proto.v1.GetJobRequest;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.GetVmRequest;
import io.kelpie.proto.v1.GetVmResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.ListEventsResponse;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.ListHostsResponse;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListJobsResponse;
import io.kelpie.proto.v1.ListOrphansRequest;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import io.kelpie.proto.v1.Orphan;
import io.kelpie.proto.v1.OrphanAction;
import io.kelpie.proto.v1.PlanJobRequest;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.PreviewDrainRequest;
import io.kelpie.proto.v1.PreviewDrainResponse;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.RebalanceGoal;
import io.kelpie.proto.v1.RebalanceRequest;
import io.kelpie.proto.v1.RebalanceResponse;
import io.kelpie.proto.v1.RemoveControllerRequest;
import io.kelpie.proto.v1.RemoveControllerResponse;
import io.kelpie.proto.v1.RemoveHostRequest;
import io.kelpie.proto.v1.RemoveHostResponse;
import io.kelpie.proto.v1.ResolveOrphanRequest;
import io.kelpie.proto.v1.RestoreClusterRequest;
import io.kelpie.proto.v1.RestoreClusterResponse;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import io.kelpie.proto.v1.StopRebalanceRequest;
import io.kelpie.proto.v1.StopRebalanceResponse;
import io.kelpie.proto.v1.ThawClusterRequest;
import io.kelpie.proto.v1.ThawClusterResponse;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The calls of the operators' services, each with the words for its failure. Not thread-safe. Every call throws
 * {@link io.kelpie.cli.CliException} if it does not succeed.
 */
public final class ClusterApi {
    private static final int PAGE_SIZE = 500;
    private static final int PIECE_BYTES = 256 * 1024;

    private final Controllers controllers;
    private final Supplier<UUID> requestIds;

    public ClusterApi(Controllers controllers, Supplier<UUID> requestIds) {
        this.controllers = controllers;
        this.requestIds = requestIds;
    }

    public ApplyJobResponse apply(JobSpec spec, long expectedVersion) {
        ApplyJobRequest request = ApplyJobRequest.newBuilder()
                .setRequestId(newRequestId())
                .setSpec(spec)
                .setExpectedVersion(expectedVersion)
                .build();
        return controllers.call(
                change("apply job", spec.getName(), "get jobs " + spec.getName() + inNamespace(spec.getNamespace())),
                channel -> jobs(channel).applyJob(request));
    }

    /** What applying a job would do. */
    public PlanJobResponse plan(JobSpec spec) {
        PlanJobRequest request = PlanJobRequest.newBuilder().setSpec(spec).build();
        return controllers.call(
                read("plan job", spec.getName()), channel -> jobs(channel).planJob(request));
    }

    public Job job(String namespace, String name) {
        GetJobRequest request =
                GetJobRequest.newBuilder().setNamespace(namespace).setName(name).build();
        return controllers
                .call(read("get job", name), channel -> jobs(channel).getJob(request))
                .getJob();
    }

    /** Jobs of a namespace, of all if it is empty, with all of the labels. */
    public List<Job> jobs(String namespace, Map<String, String> labels) {
        List<Job> all = new ArrayList<>();
        String token = "";
        do {
            ListJobsRequest request = ListJobsRequest.newBuilder()
                    .setNamespace(namespace)
                    .putAllLabels(labels)
                    .setPageSize(PAGE_SIZE)
                    .setPageToken(token)
                    .build();
            ListJobsResponse page = controllers.call(
                    Operation.read("list jobs"), channel -> jobs(channel).listJobs(request));
            all.addAll(page.getJobsList());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all;
    }

    public ScaleJobResponse scale(String namespace, String name, int replicas) {
        ScaleJobRequest request = ScaleJobRequest.newBuilder()
                .setRequestId(newRequestId())
                .setNamespace(namespace)
                .setName(name)
                .setReplicas(replicas)
                .build();
        return controllers.call(
                change("scale job", name, "get jobs " + name + inNamespace(namespace)),
                channel -> jobs(channel).scaleJob(request));
    }

    /** @param maxUnavailable for a restart: how many VMs may not run at once; 0: the controller's default */
    public ControlJobResponse controlJob(String namespace, String name, ControlAction action, int maxUnavailable) {
        ControlJobRequest request = ControlJobRequest.newBuilder()
                .setRequestId(newRequestId())
                .setNamespace(namespace)
                .setName(name)
                .setAction(action)
                .setMaxUnavailable(maxUnavailable)
                .build();
        return controllers.call(
                change(word(action) + " job", name, "get vms --job " + name + inNamespace(namespace)),
                channel -> jobs(channel).controlJob(request));
    }

    public DeleteJobResponse deleteJob(String namespace, String name, boolean deleteDisks) {
        DeleteJobRequest request = DeleteJobRequest.newBuilder()
                .setRequestId(newRequestId())
                .setNamespace(namespace)
                .setName(name)
                .setDeleteDisks(deleteDisks)
                .build();
        return controllers.call(
                change("delete job", name, "get jobs " + name + inNamespace(namespace)),
                channel -> jobs(channel).deleteJob(request));
    }

    public GetVmResponse vm(String namespace, String name) {
        GetVmRequest request =
                GetVmRequest.newBuilder().setNamespace(namespace).setName(name).build();
        return controllers.call(read("get vm", name), channel -> vms(channel).getVm(request));
    }

    /** All VMs that the filter of the request lets through; its paging fields are not used. */
    public List<Vm> vms(ListVmsRequest filter) {
        List<Vm> all = new ArrayList<>();
        String token = "";
        do {
            ListVmsRequest request = filter.toBuilder()
                    .setPageSize(PAGE_SIZE)
                    .setPageToken(token)
                    .build();
            ListVmsResponse page = controllers.call(
                    Operation.read("list VMs"), channel -> vms(channel).listVms(request));
            all.addAll(page.getVmsList());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all;
    }

    public ControlVmResponse controlVm(String namespace, String name, ControlAction action) {
        ControlVmRequest request = ControlVmRequest.newBuilder()
                .setRequestId(newRequestId())
                .setNamespace(namespace)
                .setName(name)
                .setAction(action)
                .build();
        return controllers.call(
                change(word(action) + " vm", name, "get vms " + name + inNamespace(namespace)),
                channel -> vms(channel).controlVm(request));
    }

    /** @param live decide anew too */
    public ExplainVmResponse explainVm(String namespace, String name, boolean live) {
        ExplainVmRequest request = ExplainVmRequest.newBuilder()
                .setNamespace(namespace)
                .setName(name)
                .setLive(live)
                .build();
        return controllers.call(
                read("explain vm", name), channel -> vms(channel).explainVm(request));
    }

    /** VMs as they are, then each change. */
    public Incoming<WatchVmsResponse> watchVms(WatchVmsRequest request) {
        return controllers.stream(Operation.read("watch VMs"), VmServiceGrpc.getWatchVmsMethod(), request, true);
    }

    public Incoming<ReadVmLogResponse> readVmLog(ReadVmLogRequest request) {
        return controllers.stream(
                read("read the log of vm", request.getName()), VmServiceGrpc.getReadVmLogMethod(), request, false);
    }

    public GetHostResponse host(String nameOrId) {
        GetHostRequest request = GetHostRequest.newBuilder().setHost(nameOrId).build();
        return controllers.call(
                read("get host", nameOrId), channel -> hostService(channel).getHost(request));
    }

    public List<Host> hosts(Map<String, String> labels) {
        List<Host> all = new ArrayList<>();
        String token = "";
        do {
            ListHostsRequest request = ListHostsRequest.newBuilder()
                    .putAllLabels(labels)
                    .setPageSize(PAGE_SIZE)
                    .setPageToken(token)
                    .build();
            ListHostsResponse page = controllers.call(
                    Operation.read("list hosts"),
                    channel -> hostService(channel).listHosts(request));
            all.addAll(page.getHostsList());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all;
    }

    public CordonHostResponse cordon(String host, boolean cordoned) {
        CordonHostRequest request = CordonHostRequest.newBuilder()
                .setRequestId(newRequestId())
                .setHost(host)
                .setCordoned(cordoned)
                .build();
        return controllers.call(
                change(cordoned ? "cordon host" : "uncordon host", host, "get hosts " + host),
                channel -> hostService(channel).cordonHost(request));
    }

    /**
     * Where the VMs of a host would go.
     *
     * @param atOnce most VMs on their way at once; 0: the controller's default
     */
    public PreviewDrainResponse previewDrain(String host, int atOnce) {
        PreviewDrainRequest request =
                PreviewDrainRequest.newBuilder().setHost(host).setAtOnce(atOnce).build();
        return controllers.call(
                read("plan the drain of host", host),
                channel -> hostService(channel).previewDrain(request));
    }

    /**
     * Begins to move the VMs of a host away.
     *
     * @param atOnce most VMs on their way at once; 0: the controller's default
     */
    public DrainHostResponse drain(String host, int atOnce) {
        DrainHostRequest request = DrainHostRequest.newBuilder()
                .setRequestId(newRequestId())
                .setHost(host)
                .setAtOnce(atOnce)
                .build();
        return controllers.call(
                change("drain host", host, "describe host " + host),
                channel -> hostService(channel).drainHost(request));
    }

    /** How many VMs of a kind fit. */
    public GetCapacityResponse capacity(GetCapacityRequest request) {
        return controllers.call(
                Operation.read("count what fits"), channel -> cluster(channel).getCapacity(request));
    }

    /**
     * Begins to rebalance the cluster, or says what would be moved.
     *
     * @param maxMoves most moves; 0: the controller's default
     * @param atOnce most VMs on their way at once; 0: the controller's default
     */
    public RebalanceResponse rebalance(RebalanceGoal goal, int maxMoves, int atOnce, boolean dryRun) {
        RebalanceRequest request = RebalanceRequest.newBuilder()
                .setRequestId(newRequestId())
                .setGoal(goal)
                .setMaxMoves(maxMoves)
                .setAtOnce(atOnce)
                .setDryRun(dryRun)
                .build();
        Operation operation = dryRun
                ? Operation.read("plan the rebalance")
                : Operation.change("rebalance the cluster", "kelpie cluster status");
        return controllers.call(operation, channel -> cluster(channel).rebalance(request));
    }

    /** Ends a rebalance. */
    public StopRebalanceResponse stopRebalance() {
        StopRebalanceRequest request =
                StopRebalanceRequest.newBuilder().setRequestId(newRequestId()).build();
        return controllers.call(
                Operation.change("stop the rebalance", "kelpie cluster status"),
                channel -> cluster(channel).stopRebalance(request));
    }

    /** Takes the operator's word that a host is dead. */
    public ConfirmHostDeadResponse confirmHostDead(String host) {
        ConfirmHostDeadRequest request = ConfirmHostDeadRequest.newBuilder()
                .setRequestId(newRequestId())
                .setHost(host)
                .build();
        return controllers.call(
                change("confirm the death of host", host, "describe host " + host),
                channel -> hostService(channel).confirmHostDead(request));
    }

    /** Powers a host off; {@code timeout} bounds the whole of it. */
    public FenceHostResponse fenceHost(String host, Duration timeout) {
        FenceHostRequest request = FenceHostRequest.newBuilder()
                .setRequestId(newRequestId())
                .setHost(host)
                .build();
        return controllers.call(
                change("fence host", host, "describe host " + host),
                timeout,
                channel -> hostService(channel).fenceHost(request));
    }

    public RemoveHostResponse removeHost(String host) {
        RemoveHostRequest request = RemoveHostRequest.newBuilder()
                .setRequestId(newRequestId())
                .setHost(host)
                .build();
        return controllers.call(
                change("remove host", host, "get hosts"),
                channel -> hostService(channel).removeHost(request));
    }

    public AddControllerResponse addController(String id, String address) {
        AddControllerRequest request = AddControllerRequest.newBuilder()
                .setRequestId(newRequestId())
                .setControllerId(id)
                .setAddress(address)
                .build();
        return controllers.call(
                change("add controller", id, "cluster controllers"),
                channel -> cluster(channel).addController(request));
    }

    /** @param confirmedDead the operator's word that its process does not run */
    public RemoveControllerResponse removeController(String id, boolean confirmedDead) {
        RemoveControllerRequest request = RemoveControllerRequest.newBuilder()
                .setRequestId(newRequestId())
                .setControllerId(id)
                .setConfirmedDead(confirmedDead)
                .build();
        return controllers.call(
                change("remove controller", id, "cluster controllers"),
                channel -> cluster(channel).removeController(request));
    }

    public FreezeClusterResponse freeze(Duration duration) {
        FreezeClusterRequest request = FreezeClusterRequest.newBuilder()
                .setRequestId(newRequestId())
                .setDurationSeconds((int) duration.toSeconds())
                .build();
        return controllers.call(
                Operation.change("freeze the cluster", "kelpie cluster status"),
                channel -> cluster(channel).freezeCluster(request));
    }

    public ThawClusterResponse thaw() {
        ThawClusterRequest request =
                ThawClusterRequest.newBuilder().setRequestId(newRequestId()).build();
        return controllers.call(
                Operation.change("thaw the cluster", "kelpie cluster status"),
                channel -> cluster(channel).thawCluster(request));
    }

    public ListEventsResponse events(String subject, long afterSequence) {
        ListEventsRequest request = ListEventsRequest.newBuilder()
                .setSubject(subject)
                .setAfterSequence(afterSequence)
                .build();
        return controllers.call(
                Operation.read("list events"),
                channel -> ClusterServiceGrpc.newBlockingStub(channel).listEvents(request));
    }

    /** Instances that belong to no VM. */
    public List<Orphan> orphans() {
        return controllers
                .call(
                        Operation.read("list orphans"),
                        channel -> ClusterServiceGrpc.newBlockingStub(channel)
                                .listOrphans(ListOrphansRequest.getDefaultInstance()))
                .getOrphansList();
    }

    /** Kills or adopts an orphan. */
    public void resolveOrphan(String host, String vmId, long incarnation, OrphanAction action) {
        ResolveOrphanRequest request = ResolveOrphanRequest.newBuilder()
                .setRequestId(newRequestId())
                .setHost(host)
                .setVmId(vmId)
                .setIncarnation(incarnation)
                .setAction(action)
                .build();
        controllers.call(
                change("resolve orphan", vmId, "get orphans"),
                channel -> ClusterServiceGrpc.newBlockingStub(channel).resolveOrphan(request));
    }

    /** All records of the cluster, in pieces of one file. */
    public Incoming<BackupClusterResponse> backup() {
        return controllers.stream(
                Operation.read("back up the cluster"),
                ClusterServiceGrpc.getBackupClusterMethod(),
                BackupClusterRequest.getDefaultInstance(),
                true);
    }

    /** Puts a backup into the store of a controller that takes it; {@code timeout} bounds the whole of it. */
    public RestoreClusterResponse restore(Path file, Duration timeout) {
        String requestId = newRequestId();
        return controllers.call(
                Operation.change("restore the cluster", "kelpie cluster status"),
                timeout,
                channel -> restore(file, requestId, channel));
    }

    private static RestoreClusterResponse restore(Path file, String requestId, Channel channel) {
        Upload<RestoreClusterRequest, RestoreClusterResponse> upload = new Upload<>();
        ClusterServiceGrpc.newStub(channel).restoreCluster(upload);
        try (InputStream in = Files.newInputStream(file)) {
            boolean wanted = true;
            for (byte[] piece = in.readNBytes(PIECE_BYTES);
                    piece.length > 0 && wanted;
                    piece = in.readNBytes(PIECE_BYTES)) {
                wanted = upload.send(RestoreClusterRequest.newBuilder()
                        .setRequestId(requestId)
                        .setData(ByteString.copyFrom(piece))
                        .build());
            }
        } catch (IOException e) {
            throw new CliException(ExitCode.FAILED, "'" + file + "' cannot be read: " + e.getMessage(), null);
        }
        return upload.finish();
    }

    /** Says to one controller that its present store is the one to go on with. */
    public Controllers.Answer<AcceptStoreResponse> acceptStore(ControllerAddress address) {
        AcceptStoreRequest request =
                AcceptStoreRequest.newBuilder().setRequestId(newRequestId()).build();
        return controllers.ask(
                address, channel -> ClusterServiceGrpc.newBlockingStub(channel).acceptStore(request));
    }

    /** What one controller says of the cluster and of itself. */
    public Controllers.Answer<GetStatusResponse> status(ControllerAddress address) {
        return controllers.ask(
                address,
                channel ->
                        ClusterServiceGrpc.newBlockingStub(channel).getStatus(GetStatusRequest.getDefaultInstance()));
    }

    /** The option that names the namespace in a command; empty for the default one. */
    public static String inNamespace(String namespace) {
        return namespace.equals("default") || namespace.isEmpty() ? "" : " -n " + namespace;
    }

    private String newRequestId() {
        return requestIds.get().toString();
    }

    private static Operation read(String what, String name) {
        return Operation.read(what + " '" + name + "'");
    }

    private static Operation change(String what, String name, String ask) {
        return Operation.change(what + " '" + name + "'", "kelpie " + ask);
    }

    private static String word(ControlAction action) {
        return action.name().substring("CONTROL_ACTION_".length()).toLowerCase(Locale.ROOT);
    }

    private static JobServiceGrpc.JobServiceBlockingStub jobs(Channel channel) {
        return JobServiceGrpc.newBlockingStub(channel);
    }

    private static VmServiceGrpc.VmServiceBlockingStub vms(Channel channel) {
        return VmServiceGrpc.newBlockingStub(channel);
    }

    private static ClusterServiceGrpc.ClusterServiceBlockingStub cluster(Channel channel) {
        return ClusterServiceGrpc.newBlockingStub(channel);
    }

    private static HostServiceGrpc.HostServiceBlockingStub hostService(Channel channel) {
        return HostServiceGrpc.newBlockingStub(channel);
    }
}
