package io.kelpie.controller.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.kelpie.controller.backup.BackupCheck;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.AcceptStoreRequest;
import io.kelpie.proto.v1.BackupClusterRequest;
import io.kelpie.proto.v1.BackupClusterResponse;
import io.kelpie.proto.v1.ClusterServiceGrpc;
import io.kelpie.proto.v1.GetStatusRequest;
import io.kelpie.proto.v1.GetStatusResponse;
import io.kelpie.proto.v1.HostServiceGrpc;
import io.kelpie.proto.v1.ListHostsRequest;
import io.kelpie.proto.v1.RestoreClusterRequest;
import io.kelpie.proto.v1.RestoreClusterResponse;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreCallsTest {
    @TempDir
    private Path folder;

    private final TestApi api = TestApi.leading();

    @AfterEach
    void close() {
        api.close();
    }

    /** What a call has answered. */
    private static final class Answers<T> implements StreamObserver<T> {
        final List<T> values = new ArrayList<>();
        Optional<Throwable> failure = Optional.empty();
        boolean completed;

        @Override
        public void onNext(T value) {
            values.add(value);
        }

        @Override
        public void onError(Throwable cause) {
            failure = Optional.of(cause);
        }

        @Override
        public void onCompleted() {
            completed = true;
        }
    }

    private byte[] backup() throws IOException {
        Answers<BackupClusterResponse> answers = new Answers<>();
        ClusterServiceGrpc.newStub(api.channel()).backupCluster(BackupClusterRequest.getDefaultInstance(), answers);
        api.controller.settle();
        assertThat(answers.failure).isEmpty();
        assertThat(answers.completed).isTrue();
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (BackupClusterResponse piece : answers.values) {
            piece.getData().writeTo(whole);
        }
        return whole.toByteArray();
    }

    @Test
    void aBackupHasEveryRecordAndCanBeRestored() throws Exception {
        api.running("web", 3);
        Path file = folder.resolve("b");
        Files.write(file, backup());
        BackupCheck.Sound sound = BackupCheck.check(file);
        assertThat(sound.header().epoch()).isEqualTo(1);
        // the cluster, its controllers, a host and its capabilities, a job, three VMs, one request
        assertThat(sound.records()).isEqualTo(9);
        assertThat(sound.controllers()).isPresent();

        api.controller.cluster.wipe();
        RestoreClusterResponse restored = restore(Files.readAllBytes(file));
        assertThat(restored.getRecords()).isEqualTo(9);
        assertThat(api.controller.store.readVms().join()).hasSize(3);
        assertThat(api.controller.store.read(new RecordKey.ControllerSetKey()).join())
                .isPresent();
    }

    private RestoreClusterResponse restore(byte[] bytes) {
        Answers<RestoreClusterResponse> answers = new Answers<>();
        StreamObserver<RestoreClusterRequest> upload =
                ClusterServiceGrpc.newStub(api.channel()).restoreCluster(answers);
        String requestId = UUID.randomUUID().toString();
        for (int at = 0; at < bytes.length; at += 1_000) {
            upload.onNext(RestoreClusterRequest.newBuilder()
                    .setRequestId(requestId)
                    .setData(com.google.protobuf.ByteString.copyFrom(bytes, at, Math.min(1_000, bytes.length - at)))
                    .build());
        }
        upload.onCompleted();
        assertThat(answers.failure).isEmpty();
        return answers.values.get(0);
    }

    @Test
    void aRestoreWithoutARequestIdOrIntoAGoodStoreIsRefused() {
        Answers<RestoreClusterResponse> answers = new Answers<>();
        StreamObserver<RestoreClusterRequest> upload =
                ClusterServiceGrpc.newStub(api.channel()).restoreCluster(answers);
        upload.onNext(RestoreClusterRequest.getDefaultInstance());
        assertThat(Status.fromThrowable(answers.failure.orElseThrow()).getCode())
                .isEqualTo(Status.Code.INVALID_ARGUMENT);
        TestApi.refused(
                Status.Code.FAILED_PRECONDITION,
                "WRONG_STATE",
                () -> ClusterServiceGrpc.newBlockingStub(api.channel())
                        .acceptStore(AcceptStoreRequest.newBuilder()
                                .setRequestId(UUID.randomUUID().toString())
                                .build()));
    }

    private static Metadata headers(AtomicReference<Metadata> captured) {
        return Objects.requireNonNull(captured.get());
    }

    @Test
    void aReadWithoutAStoreIsMarkedAndAChangeIsRefusedAtOnce() {
        api.running("web", 1);
        AtomicReference<Metadata> headers = new AtomicReference<>(new Metadata());
        HostServiceGrpc.HostServiceBlockingStub hosts = HostServiceGrpc.newBlockingStub(api.channel())
                .withInterceptors(MetadataUtils.newCaptureMetadataInterceptor(headers, new AtomicReference<>()));
        assertThat(hosts.listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount())
                .isEqualTo(1);
        assertThat(headers(headers).containsKey(StaleHeaders.SINCE_MILLIS)).isFalse();

        Answers<WatchVmsResponse> watch = new Answers<>();
        api.vmStreams.watchVms(WatchVmsRequest.getDefaultInstance(), watch);
        api.controller.store.setConnected(false);
        api.controller.pass(6_000);
        assertThat(hosts.listHosts(ListHostsRequest.getDefaultInstance()).getHostsCount())
                .isEqualTo(1);
        assertThat(Long.parseLong(Objects.requireNonNull(headers(headers).get(StaleHeaders.SINCE_MILLIS))))
                .isLessThan(api.controller.time.wallMillis());
        assertThat(headers(headers).get(StaleHeaders.REASON)).isNotBlank();
        assertThat(Status.fromThrowable(watch.failure.orElseThrow()).getDescription())
                .as("why the watch has ended")
                .contains("the store has not answered");
        TestApi.refused(
                Status.Code.UNAVAILABLE,
                "STORE_UNAVAILABLE",
                () -> api.settled(api.jobChanges.applyJob(io.kelpie.proto.v1.ApplyJobRequest.newBuilder()
                        .setRequestId(UUID.randomUUID().toString())
                        .setSpec(io.kelpie.controller.control.TestController.job("late", 1))
                        .build())));
        GetStatusResponse status =
                ClusterServiceGrpc.newBlockingStub(api.channel()).getStatus(GetStatusRequest.getDefaultInstance());
        assertThat(status.getStaleSinceMillis()).isPositive();
        assertThat(status.getLeading()).isFalse();
    }
}
