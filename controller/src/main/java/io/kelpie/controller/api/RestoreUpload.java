package io.kelpie.controller.api;

import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.backup.Restore;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.RestoreClusterRequest;
import io.kelpie.proto.v1.RestoreClusterResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes a backup into a file of this controller's, and restores it when it is whole. gRPC calls one method at a time. */
final class RestoreUpload implements StreamObserver<RestoreClusterRequest> {
    private static final Logger log = LoggerFactory.getLogger(RestoreUpload.class);
    private static final long MAX_BYTES = 4L << 30;

    private final StoreCare care;
    private final Calls calls;
    private final StreamObserver<RestoreClusterResponse> responses;
    private final BiConsumer<String, RestoreClusterResponse> done;
    private String requestId = "";
    private @Nullable Path file;
    private @Nullable OutputStream out;
    private long bytes;
    private boolean ended;

    /** {@code done} remembers the answer to a request id. */
    RestoreUpload(
            StoreCare care,
            Calls calls,
            StreamObserver<RestoreClusterResponse> responses,
            BiConsumer<String, RestoreClusterResponse> done) {
        this.care = care;
        this.calls = calls;
        this.responses = responses;
        this.done = done;
    }

    @Override
    public void onNext(RestoreClusterRequest request) {
        if (ended) {
            return;
        }
        try {
            OutputStream to = out == null ? open(request) : out;
            bytes += request.getData().size();
            if (bytes > MAX_BYTES) {
                throw KelpieException.invalidField("data", "is above " + MAX_BYTES + " bytes", "send a backup");
            }
            request.getData().writeTo(to);
        } catch (IOException | KelpieException e) {
            fail(e);
        }
    }

    private OutputStream open(RestoreClusterRequest first) throws IOException {
        calls.keep(
                first.getRequestId(),
                RestoreClusterRequest.newBuilder()
                        .setRequestId(first.getRequestId())
                        .build());
        requestId = first.getRequestId();
        file = Files.createTempFile(care.spoolFolder(), "restore-", ".tmp");
        out = Files.newOutputStream(file);
        return out;
    }

    @Override
    public void onError(Throwable cancelled) {
        ended = true;
        discard();
    }

    @Override
    public void onCompleted() {
        if (ended) {
            return;
        }
        ended = true;
        Path whole = file;
        if (whole == null) {
            responses.onError(Calls.status(KelpieException.invalidField("data", "is missing", "send a backup")));
            return;
        }
        try {
            close();
            care.executor().execute(() -> restore(whole));
        } catch (IOException | RejectedExecutionException e) {
            fail(e);
        }
    }

    private void restore(Path whole) {
        RestoreClusterResponse response;
        try {
            Restore.Restored restored = care.restore().run(whole);
            response = RestoreClusterResponse.newBuilder()
                    .setRecords(restored.records())
                    .setClusterUuid(restored.cluster().toString())
                    .setEpoch(restored.epoch())
                    .build();
        } catch (IOException | RuntimeException e) {
            fail(e);
            return;
        }
        discard();
        calls.kept(requestId, null);
        done.accept(requestId, response);
        responses.onNext(response);
        responses.onCompleted();
    }

    private void fail(Exception failure) {
        ended = true;
        discard();
        if (!requestId.isEmpty()) {
            calls.kept(requestId, failure);
        }
        responses.onError(Calls.status(
                failure instanceof IOException io
                        ? new KelpieException(
                                ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
                                "the controller's data folder cannot be used: " + io.getMessage(),
                                "look at its disk, and repeat the restore")
                        : failure));
    }

    private void close() throws IOException {
        OutputStream open = out;
        out = null;
        if (open != null) {
            open.close();
        }
    }

    private void discard() {
        try {
            close();
            if (file != null) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            log.warn("could not remove {}", file, e);
        }
    }
}
