package io.kelpie.cli.command;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.kelpie.cli.CliException;
import io.kelpie.cli.Pauses;
import io.kelpie.cli.connect.Incoming;
import io.kelpie.cli.wait.Patience;
import io.kelpie.proto.v1.ReadVmLogRequest;
import io.kelpie.proto.v1.ReadVmLogResponse;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A VM's log, read over any number of changes of the leader if it is followed: after a loss the end of the log is asked
 * for again, and what was read before is left out. Not thread-safe.
 */
final class LogStream implements AutoCloseable {
    /** How much of the log's end is asked for after a loss. */
    private static final int RESUMED_BYTES = 64 * 1024;

    /** So much of what was read before tells where the log goes on. */
    private static final int REMEMBERED_BYTES = 256;

    private static final Duration BEFORE_RESUMING = Duration.ofMillis(500);

    private final Connection connection;
    private final ReadVmLogRequest request;
    private final Pauses pauses;
    private final Patience patience;
    private @Nullable Incoming<ReadVmLogResponse> log;
    private ByteString last = ByteString.EMPTY;
    private boolean resuming;

    /** Opens the log; throws {@link CliException} if that cannot be done. */
    LogStream(Connection connection, Pauses pauses, ReadVmLogRequest request) {
        this.connection = connection;
        this.request = request;
        this.pauses = pauses;
        this.patience = new Patience(pauses, connection.terminal()::note);
        this.log = patience.ask(() -> connection.api().readVmLog(request)).orElse(null);
    }

    /**
     * The next piece; empty if none comes within that time or the log has ended, which {@link #ended} tells.
     *
     * @throws StatusRuntimeException if it was cut off and is not followed
     */
    Optional<ByteString> next(Duration timeout) {
        Incoming<ReadVmLogResponse> from = log == null ? resume() : log;
        if (from == null) {
            return Optional.empty();
        }
        try {
            Optional<ByteString> piece = from.next(timeout).map(ReadVmLogResponse::getData);
            return piece.map(this::fresh).filter(data -> !data.isEmpty());
        } catch (StatusRuntimeException e) {
            if (!request.getFollow()) {
                throw e;
            }
            connection.terminal().flush();
            connection.terminal().note("the log was cut off; asking again");
            from.close();
            log = null;
            resuming = true;
            pauses.pause(BEFORE_RESUMING);
            return Optional.empty();
        }
    }

    boolean ended() {
        return log != null && log.ended();
    }

    @Override
    public void close() {
        if (log != null) {
            log.close();
        }
    }

    private @Nullable Incoming<ReadVmLogResponse> resume() {
        ReadVmLogRequest end = request.toBuilder().setTailBytes(RESUMED_BYTES).build();
        log = patience.ask(() -> connection.api().readVmLog(last.isEmpty() ? request : end))
                .orElse(null);
        return log;
    }

    /** Of the first piece after a loss, what follows the last bytes read before; all of it if they are not there. */
    private ByteString fresh(ByteString piece) {
        ByteString fresh = piece;
        if (resuming && !last.isEmpty()) {
            int at = lastIndexOf(piece, last);
            if (at >= 0) {
                fresh = piece.substring(at + last.size());
            } else {
                connection.terminal().note("the log goes on; some of it may be missing or come twice");
            }
        }
        resuming = false;
        ByteString both = last.concat(fresh);
        last = both.substring(Math.max(0, both.size() - REMEMBERED_BYTES));
        return fresh;
    }

    private static int lastIndexOf(ByteString text, ByteString part) {
        for (int at = text.size() - part.size(); at >= 0; at--) {
            if (text.substring(at, at + part.size()).equals(part)) {
                return at;
            }
        }
        return -1;
    }
}
