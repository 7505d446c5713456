package io.kelpie.controller.api;

import io.grpc.stub.StreamObserver;
import io.kelpie.controller.control.JobOperations;
import io.kelpie.controller.control.PlanBasis;
import io.kelpie.controller.model.JobKey;
import io.kelpie.controller.planning.JobPlan;
import io.kelpie.controller.view.JobView;
import io.kelpie.controller.view.Protos;
import io.kelpie.controller.view.ReadModel;
import io.kelpie.controller.view.VmView;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ControlJobRequest;
import io.kelpie.proto.v1.ControlJobResponse;
import io.kelpie.proto.v1.DeleteJobRequest;
import io.kelpie.proto.v1.DeleteJobResponse;
import io.kelpie.proto.v1.GetJobRequest;
import io.kelpie.proto.v1.GetJobResponse;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.JobServiceGrpc;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListJobsResponse;
import io.kelpie.proto.v1.PlanJobRequest;
import io.kelpie.proto.v1.PlanJobResponse;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.ScaleJobResponse;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Operators' calls on jobs. */
public final class JobApi extends JobServiceGrpc.JobServiceImplBase {
    private final Calls calls;

    JobApi(Calls calls) {
        this.calls = calls;
    }

    @Override
    public void applyJob(ApplyJobRequest request, StreamObserver<ApplyJobResponse> responses) {
        calls.change(responses, request.getRequestId(), request, ApplyJobResponse.parser(), () -> {
            JobSpecValidator.check(request.getSpec());
            return JobOperations.apply(request, UUID.randomUUID());
        });
    }

    @Override
    public void planJob(PlanJobRequest request, StreamObserver<PlanJobResponse> responses) {
        calls.plan(
                responses,
                () -> {
                    JobSpecValidator.check(request.getSpec());
                    return PlanBasis.forJob(request);
                },
                (basis, view) -> JobPlan.of(basis, view.model(), request.getSpec(), calls.nowMillis()));
    }

    @Override
    public void getJob(GetJobRequest request, StreamObserver<GetJobResponse> responses) {
        Calls.answer(responses, () -> {
            ReadModel model = calls.view().model();
            JobKey key = new JobKey(request.getNamespace(), request.getName());
            JobView job = model.job(key).orElseThrow(() -> JobOperations.notFound(key));
            return GetJobResponse.newBuilder().setJob(show(job, model)).build();
        });
    }

    @Override
    public void listJobs(ListJobsRequest request, StreamObserver<ListJobsResponse> responses) {
        Calls.answer(responses, () -> {
            ReadModel model = calls.view().model();
            Page<Job> page = Page.read(
                    model.jobs(),
                    after(request.getPageToken()),
                    request.getPageSize(),
                    job -> matches(job, request),
                    job -> show(job, model));
            return ListJobsResponse.newBuilder()
                    .addAllJobs(page.items())
                    .setNextPageToken(page.nextToken())
                    .build();
        });
    }

    private static boolean matches(JobView job, ListJobsRequest request) {
        boolean inNamespace =
                request.getNamespace().isEmpty() || job.key().namespace().equals(request.getNamespace());
        return inNamespace && Labels.match(job.record().getSpec().getLabelsMap(), request.getLabelsMap());
    }

    private static Job show(JobView job, ReadModel model) {
        return Protos.job(
                job.record(),
                model.vmsOf(job.key()).stream().map(VmView::record).toList());
    }

    private static @Nullable JobKey after(String token) {
        if (token.isEmpty()) {
            return null;
        }
        int slash = token.indexOf('/');
        if (slash < 0) {
            throw Page.badToken(token);
        }
        return new JobKey(token.substring(0, slash), token.substring(slash + 1));
    }

    @Override
    public void scaleJob(ScaleJobRequest request, StreamObserver<ScaleJobResponse> responses) {
        calls.change(responses, request.getRequestId(), request, ScaleJobResponse.parser(), () -> {
            JobSpecValidator.replicas("replicas", request.getReplicas());
            return JobOperations.scale(request);
        });
    }

    @Override
    public void controlJob(ControlJobRequest request, StreamObserver<ControlJobResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                ControlJobResponse.parser(),
                () -> JobOperations.control(request));
    }

    @Override
    public void deleteJob(DeleteJobRequest request, StreamObserver<DeleteJobResponse> responses) {
        calls.change(
                responses,
                request.getRequestId(),
                request,
                DeleteJobResponse.parser(),
                () -> JobOperations.delete(request));
    }
}
