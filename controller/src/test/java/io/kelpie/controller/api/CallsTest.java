package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.Empty;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.controller.control.TestController;
import io.kelpie.controller.control.TestTime;
import io.kelpie.controller.store.memory.MemoryCluster;
import io.kelpie.proto.v1.ApplyJobRequest;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.ListEventsRequest;
import io.kelpie.proto.v1.ListJobsRequest;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.ScaleJobRequest;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CallsTest {
    private static ApplyJobRequest request(int replicas) {
        return ApplyJobRequest.newBuilder()
                .setRequestId(UUID.randomUUID().toString())
                .setSpec(TestController.job("web", replicas))
                .build();
    }

    @Test
    void aControllerThatDoesNotLeadNamesTheLeader() {
        MemoryCluster cluster = new MemoryCluster(UUID.randomUUID());
        TestTime time = new TestTime();
        TestController leader = new TestController(cluster, time, "c1");
        leader.loop.start();
        leader.settle();
        TestController other = new TestController(cluster, time, "c2");
        other.loop.start();
        other.settle();
        try (TestApi api = new TestApi(other)) {
            Received<WatchVmsRequest, WatchVmsResponse> watch = new Received<>(1);
            api.vmStreams.watchVms(WatchVmsRequest.getDefaultInstance(), watch);
            for (Runnable call : new Runnable[] {
                () -> api.jobs.listJobs(ListJobsRequest.getDefaultInstance()),
                () -> api.vms.listVms(ListVmsRequest.getDefaultInstance()),
                () -> api.settled(api.jobChanges.applyJob(request(1))),
                watch::end
            }) {
                ErrorInfo info = TestApi.refused(Status.Code.FAILED_PRECONDITION, "NOT_LEADER", call);
                assertThat(info.getMetadataMap()).containsEntry("leader", "c1:7400");
            }
            GetStatusResponse status =
                    ClusterServiceGrpc.newBlockingStub(api.channel()).getStatus(GetStatusRequest.getDefaultInstance());
            assertThat(status.getLeading()).isFalse();
            assertThat(status.getLeaderAddress()).isEqualTo("c1:7400");
        }
        leader.settle();
        assertThat(leader.hasJob("web")).isFalse();
    }

    @Test
    void whereNoLeaderIsKnownNoneIsNamed() {
        TestController alone = new TestController(new MemoryCluster(UUID.randomUUID()), new TestTime(), "c1");
        try (TestApi api = new TestApi(alone)) {
            ErrorInfo info = TestApi.refused(
                    Status.Code.FAILED_PRECONDITION,
                    "NOT_LEADER",
                    () -> api.jobs.listJobs(ListJobsRequest.getDefaultInstance()));
            assertThat(info.getMetadataMap()).doesNotContainKey("leader");
        }
    }

    @Test
    void aRepeatedRequestIsAnsweredTheSameAndDoneOnce() {
        try (TestApi api = TestApi.leading()) {
            ApplyJobRequest request = request(1);
            ApplyJobResponse first = api.settled(api.jobChanges.applyJob(request));
            api.settled(api.jobChanges.scaleJob(ScaleJobRequest.newBuilder()
                    .setRequestId(UUID.randomUUID().toString())
                    .setNamespace("default")
                    .setName("web")
                    .setReplicas(3)
                    .build()));
            assertThat(api.settled(api.jobChanges.applyJob(request))).isEqualTo(first);
            assertThat(api.vms.listVms(ListVmsRequest.getDefaultInstance()).getVmsList())
                    .as("the repetition does not undo what came between")
                    .hasSize(3);
        }
    }

    @Test
    void twoOfTheSameAtOnceAreOne() {
        try (TestApi api = TestApi.leading()) {
            ApplyJobRequest request = request(1);
            ListenableFuture<ApplyJobResponse> one = api.jobChanges.applyJob(request);
            ListenableFuture<ApplyJobResponse> other = api.jobChanges.applyJob(request);
            assertThat(api.settled(one).getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
            assertThat(api.settled(other)).isEqualTo(api.settled(one));
        }
    }

    @Test
    void aRequestIdWithAnotherBodyOrMethodIsRefused() {
        try (TestApi api = TestApi.leading()) {
            ApplyJobRequest request = request(1);
            api.settled(api.jobChanges.applyJob(request));
            TestApi.refused(
                    Status.Code.ALREADY_EXISTS,
                    "REQUEST_ID_REUSED",
                    () -> api.settled(api.jobChanges.applyJob(request.toBuilder()
                            .setSpec(TestController.job("web", 2))
                            .build())));
            TestApi.refused(
                    Status.Code.ALREADY_EXISTS,
                    "REQUEST_ID_REUSED",
                    () -> api.settled(api.jobChanges.scaleJob(ScaleJobRequest.newBuilder()
                            .setRequestId(request.getRequestId())
                            .setNamespace("default")
                            .setName("web")
                            .setReplicas(2)
                            .build())));
            assertThat(api.vms.listVms(ListVmsRequest.getDefaultInstance()).getVmsList())
                    .hasSize(1);
        }
    }

    @Test
    void aRefusedRequestLeavesItsIdFree() {
        try (TestApi api = TestApi.leading()) {
            ApplyJobRequest request = request(1);
            TestApi.refused(
                    Status.Code.INVALID_ARGUMENT,
                    "INVALID_FIELD",
                    () -> api.settled(api.jobChanges.applyJob(request.toBuilder()
                            .setSpec(TestController.job("web", 0))
                            .build())));
            TestApi.refused(
                    Status.Code.ABORTED,
                    "VERSION_CONFLICT",
                    () -> api.settled(api.jobChanges.applyJob(
                            request.toBuilder().setExpectedVersion(7).build())));
            assertThat(api.settled(api.jobChanges.applyJob(request)).getOutcome())
                    .isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
        }
    }

    @Test
    void anAnswerWaitsForTheStore() {
        try (TestApi api = TestApi.leading()) {
            api.controller.store.setConnected(false);
            ListenableFuture<ApplyJobResponse> answer = api.jobChanges.applyJob(request(1));
            api.controller.settle();
            assertThat(answer).isNotDone();
            api.controller.store.setConnected(true);
            assertThat(api.settled(answer).getOutcome()).isEqualTo(ApplyJobResponse.Outcome.OUTCOME_CREATED);
        }
    }

    @Test
    void eventsAreLimited() {
        try (TestApi api = TestApi.leading()) {
            api.apply("default", "web", 1);
            var cluster = ClusterServiceGrpc.newBlockingStub(api.channel());
            assertThat(cluster.listEvents(ListEventsRequest.newBuilder()
                                    .setSubject("job/default/web")
                                    .build())
                            .getEventsList())
                    .isNotEmpty()
                    .allSatisfy(event -> assertThat(event.getSubject()).isEqualTo("job/default/web"));
            assertThat(cluster.listEvents(
                                    ListEventsRequest.newBuilder().setLimit(1).build())
                            .getEventsList())
                    .hasSize(1);
            for (int limit : new int[] {-1, 1_001}) {
                TestApi.refused(
                        Status.Code.INVALID_ARGUMENT,
                        "INVALID_FIELD",
                        () -> cluster.listEvents(
                                ListEventsRequest.newBuilder().setLimit(limit).build()));
            }
        }
    }

    @Test
    void aDefectIsAnsweredByAnIdAndNotByItsText() {
        Failure failure = new Failure();
        Calls.answer(failure, () -> {
            throw new IllegalStateException("secret");
        });
        StatusRuntimeException status = (StatusRuntimeException) java.util.Objects.requireNonNull(failure.cause);
        assertThat(status.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(GrpcErrors.reason(status)).isEqualTo(ErrorReason.ERROR_REASON_INTERNAL);
        String id = GrpcErrors.info(status).orElseThrow().getMetadataOrThrow("id");
        assertThat(UUID.fromString(id)).hasToString(id);
        assertThat(status.getStatus().getDescription()).contains(id).doesNotContain("secret");
    }

    private static final class Failure implements StreamObserver<Empty> {
        @Nullable Throwable cause;

        @Override
        public void onNext(Empty value) {}

        @Override
        public void onError(Throwable failure) {
            cause = failure;
        }

        @Override
        public void onCompleted() {}
    }
}
