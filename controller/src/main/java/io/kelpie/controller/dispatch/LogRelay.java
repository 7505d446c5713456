package io.kelpie.controller.dispatch;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.ReadVmLogResponse;
import io.kelpie.proto.v1.UploadLogRequest;
import io.kelpie.proto.v1.UploadLogResponse;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Joins an operator who reads a log with the agent that uploads it. The agent is asked for the next piece only when the
 * reader has taken the last one, so nothing is buffered here. Thread-safe.
 */
public final class LogRelay {
    private final Map<String, Transfer> transfers = new ConcurrentHashMap<>();

    /**
     * Registers a reader.
     *
     * @return the id under which an agent is to upload
     */
    public String open(ServerCallStreamObserver<ReadVmLogResponse> reader) {
        String logId = UUID.randomUUID().toString();
        Transfer transfer = new Transfer(reader);
        transfers.put(logId, transfer);
        reader.setOnReadyHandler(transfer::requestMore);
        reader.setOnCancelHandler(() -> {
            transfers.remove(logId);
            transfer.readerGone();
        });
        return logId;
    }

    /** The log will not come. */
    public void fail(String logId, KelpieException reason) {
        Transfer transfer = transfers.remove(logId);
        if (transfer != null) {
            transfer.fail(reason);
        }
    }

    StreamObserver<UploadLogRequest> upload(ServerCallStreamObserver<UploadLogResponse> uploader) {
        uploader.disableAutoRequest();
        uploader.request(1);
        return new StreamObserver<>() {
            private @Nullable Transfer transfer;

            @Override
            public void onNext(UploadLogRequest piece) {
                if (transfer == null) {
                    transfer = transfers.remove(piece.getLogId());
                    if (transfer == null) {
                        // the reader has gone away meanwhile
                        uploader.onNext(UploadLogResponse.getDefaultInstance());
                        uploader.onCompleted();
                        return;
                    }
                    transfer.begin(uploader);
                }
                transfer.piece(piece);
            }

            @Override
            public void onError(Throwable failure) {
                if (transfer != null) {
                    transfer.fail(new KelpieException(
                            ErrorReason.ERROR_REASON_HOST_UNREACHABLE, "the host has broken off the log", "ask again"));
                }
            }

            @Override
            public void onCompleted() {
                if (transfer != null) {
                    transfer.complete();
                }
            }
        };
    }

    private static final class Transfer {
        private final ServerCallStreamObserver<ReadVmLogResponse> reader;
        private @Nullable ServerCallStreamObserver<UploadLogResponse> uploader;
        private boolean asked = true;
        private boolean ended;

        Transfer(ServerCallStreamObserver<ReadVmLogResponse> reader) {
            this.reader = reader;
        }

        synchronized void begin(ServerCallStreamObserver<UploadLogResponse> from) {
            uploader = from;
        }

        synchronized void piece(UploadLogRequest piece) {
            asked = false;
            if (ended) {
                endUpload();
                return;
            }
            if (!piece.getError().isEmpty()) {
                fail(new KelpieException(ErrorReason.ERROR_REASON_NO_INSTANCE, piece.getError()));
                endUpload();
                return;
            }
            if (!piece.getData().isEmpty()) {
                reader.onNext(
                        ReadVmLogResponse.newBuilder().setData(piece.getData()).build());
            }
            requestMore();
        }

        synchronized void requestMore() {
            if (uploader != null && !asked && !ended && reader.isReady()) {
                asked = true;
                uploader.request(1);
            }
        }

        synchronized void complete() {
            if (!ended) {
                ended = true;
                reader.onCompleted();
            }
            endUpload();
        }

        synchronized void fail(KelpieException reason) {
            if (!ended) {
                ended = true;
                reader.onError(GrpcErrors.toStatus(reason));
            }
        }

        synchronized void readerGone() {
            ended = true;
            endUpload();
        }

        private void endUpload() {
            ServerCallStreamObserver<UploadLogResponse> upload = uploader;
            uploader = null;
            if (upload != null && !upload.isCancelled()) {
                upload.onNext(UploadLogResponse.getDefaultInstance());
                upload.onCompleted();
            }
        }
    }
}
