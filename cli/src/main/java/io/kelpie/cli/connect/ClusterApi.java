package io.kelpie.cli.connect;

import io.grpc.Channel;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ControlAction;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlJobResponse;
import io.kelpie.proto.v1.ControlVmRequest;
import io.kelpie.proto.v1.ControlVmResponse;
import io.kelpie.proto.v1.CordonHostRequest;
import io.kelpie.proto.v1.CordonHostResponse;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.ExplainVmRequest;
import io.kelpie.proto.v1.ExplainVmResponse;
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
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ListVmsResponse;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmServiceGrpc;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
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

    public ExplainVmResponse explainVm(String namespace, String name) {
        ExplainVmRequest request = ExplainVmRequest.newBuilder()
                .setNamespace(namespace)
                .setName(name)
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

    public ListEventsResponse events(String subject, long afterSequence) {
        ListEventsRequest request = ListEventsRequest.newBuilder()
                .setSubject(subject)
                .setAfterSequence(afterSequence)
                .build();
        return controllers.call(
                Operation.read("list events"),
                channel -> ClusterServiceGrpc.newBlockingStub(channel).listEvents(request));
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

    private static HostServiceGrpc.HostServiceBlockingStub hostService(Channel channel) {
        return HostServiceGrpc.newBlockingStub(channel);
    }
}
