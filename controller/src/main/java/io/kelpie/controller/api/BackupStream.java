package io.kelpie.controller.api;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.kelpie.controller.backup.BackupHeader;
import io.kelpie.controller.backup.BackupRecord;
import io.kelpie.controller.backup.BackupWriter;
import io.kelpie.controller.control.RecordsOfTerm;
import io.kelpie.controller.store.RecordKey;
import io.kelpie.proto.v1.BackupClusterResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Sends a backup, no faster than the connection takes it. */
final class BackupStream {
    private static final int PIECE_BYTES = 256 * 1024;

    private final ServerCallStreamObserver<BackupClusterResponse> responses;
    private final Executor executor;
    private final AtomicBoolean scheduled = new AtomicBoolean();

    // Used on the executor, one step at a time.
    private final ByteString.Output piece = ByteString.newOutput(PIECE_BYTES);
    private @Nullable BackupWriter writer;
    private @Nullable Iterator<RecordsOfTerm.Entry> records;
    private boolean ended;

    /** To be made within the call; {@code executor} runs its steps. */
    BackupStream(ServerCallStreamObserver<BackupClusterResponse> responses, Executor executor) {
        this.responses = responses;
        this.executor = executor;
        responses.setOnReadyHandler(this::wake);
        responses.setOnCancelHandler(() -> {});
    }

    void begin(RecordsOfTerm term, long nowMillis) {
        executor.execute(() -> {
            try {
                writer = new BackupWriter(
                        piece,
                        new BackupHeader(UUID.fromString(term.cluster().getClusterUuid()), term.epoch(), nowMillis));
                writer.write(new BackupRecord(
                        new RecordKey.ClusterKey(), term.cluster().toByteString()));
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
            records = term.records().iterator();
            step();
        });
    }

    void fail(Throwable failure) {
        responses.onError(Calls.status(failure));
    }

    private void wake() {
        if (scheduled.compareAndSet(false, true)) {
            executor.execute(() -> {
                scheduled.set(false);
                step();
            });
        }
    }

    private void step() {
        BackupWriter to = writer;
        Iterator<RecordsOfTerm.Entry> from = records;
        if (to == null || from == null || ended || responses.isCancelled() || !responses.isReady()) {
            return;
        }
        try {
            while (from.hasNext() && piece.size() < PIECE_BYTES) {
                RecordsOfTerm.Entry next = from.next();
                to.write(new BackupRecord(next.key(), next.value().toByteString()));
            }
            if (!from.hasNext()) {
                ended = true;
                to.end();
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        responses.onNext(
                BackupClusterResponse.newBuilder().setData(piece.toByteString()).build());
        piece.reset();
        if (ended) {
            responses.onCompleted();
        } else {
            wake();
        }
    }
}
