package io.kelpie.controller.api;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.grpc.stub.StreamObserver;
import io.kelpie.common.error.GrpcErrors;
import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Uuids;
import io.kelpie.common.time.TimeSource;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How operators' calls are answered: reads from the leader's view, changes through the control thread. */
final class Calls {
    private static final Logger log = LoggerFactory.getLogger(Calls.class);

    private final ControlLoop control;
    private final ControlQueue queue;

    private final TimeSource time;

    Calls(ControlLoop control, ControlQueue queue, TimeSource time) {
        this.control = control;
        this.queue = queue;
        this.time = time;
    }

    long nowMillis() {
        return time.wallMillis();
    }

    /** Whether the view's term is still the present one. */
    boolean isCurrent(LeaderView view) {
        return control.view().filter(current -> current == view).isPresent();
    }

    /** What the leader shows; refused if this controller does not lead. */
    LeaderView view() {
        return control.view().orElseThrow(control::notLeader);
    }

    /** Answers a read. */
    static <T> void answer(StreamObserver<T> responses, Supplier<T> read) {
        T response;
        try {
            response = read.get();
        } catch (RuntimeException e) {
            responses.onError(status(e));
            return;
        }
        responses.onNext(response);
        responses.onCompleted();
    }

    /**
     * Answers a change.
     *
     * @param request the whole request, whose hash tells a repetition from another request
     * @param prepare checks the request and makes the operation
     */
    <T extends Message> void change(
            StreamObserver<T> responses,
            String requestId,
            Message request,
            Parser<T> parser,
            Supplier<Operation> prepare) {
        CompletableFuture<ByteString> answer = new CompletableFuture<>();
        try {
            UUID id = Uuids.parse(requestId)
                    .orElseThrow(() -> KelpieException.invalidField(
                            "request_id",
                            QuotedText.of(requestId) + " is no UUID",
                            "give each change a new random UUID"));
            Operation operation = prepare.get();
            if (!queue.offer(new ControlEvent.OperatorCall(id, hash(request), operation, answer))) {
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_OVERLOADED,
                        "the controller has too many changes waiting",
                        "retry in a few seconds");
            }
        } catch (RuntimeException e) {
            responses.onError(status(e));
            return;
        }
        answer.whenComplete((bytes, failure) -> {
            if (failure != null) {
                responses.onError(status(failure));
                return;
            }
            try {
                responses.onNext(parser.parseFrom(bytes));
                responses.onCompleted();
            } catch (InvalidProtocolBufferException e) {
                responses.onError(status(e));
            }
        });
    }

    /** The status of a failure. What is not a {@link KelpieException} is a defect: logged under an id. */
    static RuntimeException status(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof KelpieException reason) {
            return GrpcErrors.toStatus(reason);
        }
        String id = UUID.randomUUID().toString();
        log.error("defect {} in a call", id, cause);
        return GrpcErrors.toStatus(new KelpieException(
                ErrorReason.ERROR_REASON_INTERNAL,
                "a defect in Kelpie",
                "report it with the controller's log lines about " + id,
                Map.of("id", id)));
    }

    private static ByteString hash(Message request) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(request.getDescriptorForType().getFullName().getBytes(StandardCharsets.UTF_8));
            return ByteString.copyFrom(digest.digest(Deterministic.bytes(request)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
