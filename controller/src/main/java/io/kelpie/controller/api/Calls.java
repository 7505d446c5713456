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
import io.kelpie.controller.audit.AuditEntry;
import io.kelpie.controller.audit.AuditLog;
import io.kelpie.controller.control.ControlEvent;
import io.kelpie.controller.control.ControlLoop;
import io.kelpie.controller.control.ControlQueue;
import io.kelpie.controller.control.Operation;
import io.kelpie.controller.control.Preparation;
import io.kelpie.controller.control.Standing;
import io.kelpie.controller.view.LeaderView;
import io.kelpie.proto.v1.ErrorReason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How operators' calls are answered: reads from the leader's view, changes through the control thread. */
final class Calls {
    private static final Logger log = LoggerFactory.getLogger(Calls.class);

    private static final int MAX_PLANS = 2;

    private final ControlLoop control;
    private final ControlQueue queue;

    private final AuditLog audit;
    private final Executor slow;
    private final TimeSource time;

    /** Plans may take a second of a core and much memory each. */
    private final Semaphore plans = new Semaphore(MAX_PLANS);

    /** @param slow runs what takes time between two visits to the control thread */
    Calls(ControlLoop control, ControlQueue queue, AuditLog audit, Executor slow, TimeSource time) {
        this.control = control;
        this.queue = queue;
        this.audit = audit;
        this.slow = slow;
        this.time = time;
    }

    long nowMillis() {
        return time.wallMillis();
    }

    /** Whether the view's term is still the present one. */
    boolean isCurrent(LeaderView view) {
        return control.view().filter(current -> current == view).isPresent();
    }

    /**
     * What may be shown; refused if another controller has to be asked. An answer made of what this controller knew last,
     * because the store is silent, is marked as stale.
     */
    LeaderView view() {
        Standing.Shown shown = control.standing().shown().orElseThrow(this::refusal);
        shown.stale().ifPresent(StaleHeaders::mark);
        return shown.view();
    }

    /** What the leader shows now; refused if it is not certain. */
    LeaderView certainView() {
        return control.standing()
                .shown()
                .filter(shown -> shown.stale().isEmpty())
                .map(Standing.Shown::view)
                .orElseThrow(this::refusal);
    }

    /** Why this controller takes no change, and shows nothing that is certain. */
    KelpieException refusal() {
        return control.standing().refusal().orElseGet(control::notLeader);
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
        CompletableFuture<ByteString> answer;
        try {
            UUID id = requestId(requestId);
            Operation operation = prepare.get();
            refuseIfStanding();
            keep(id, request);
            answer = submit(id, request, operation);
        } catch (RuntimeException e) {
            responses.onError(status(e));
            return;
        }
        answer(responses, requestId, parser, answer);
    }

    /**
     * Answers a change that takes time between two visits to the control thread.
     *
     * @param stages what happens there, and between
     */
    <T extends Message, P> void change(
            StreamObserver<T> responses, String requestId, Message request, Parser<T> parser, Stages<P> stages) {
        CompletableFuture<Optional<P>> first = new CompletableFuture<>();
        UUID id;
        try {
            id = requestId(requestId);
            Preparation<Optional<P>> preparation = stages.first(id);
            refuseIfStanding();
            keep(id, request);
            if (!queue.offer(new ControlEvent.CallPrepared<>(preparation, first))) {
                throw overloaded();
            }
        } catch (RuntimeException e) {
            responses.onError(status(e));
            return;
        }
        CompletableFuture<ByteString> answer = first.thenComposeAsync(
                prepared -> prepared.isEmpty()
                        ? submit(id, request, Operation.answeredBefore())
                        : stages.between(prepared.get())
                                .thenComposeAsync(done -> submit(id, request, stages.operation(prepared.get())), slow)
                                .whenComplete((bytes, failure) -> {
                                    if (failure != null) {
                                        stages.failed(prepared.get(), cause(failure));
                                    }
                                }),
                slow);
        answer(responses, requestId, parser, answer);
    }

    /**
     * Answers a question about what would be: what the plan starts from is taken on the control thread, and the plan is
     * made elsewhere.
     *
     * @param prepare checks the request and says what is taken
     * @param compute makes the plan; may take seconds
     */
    <B, T> void plan(
            StreamObserver<T> responses, Supplier<Preparation<B>> prepare, BiFunction<B, LeaderView, T> compute) {
        CompletableFuture<B> basis = new CompletableFuture<>();
        LeaderView view;
        try {
            Preparation<B> preparation = prepare.get();
            view = certainView();
            if (!queue.offer(new ControlEvent.CallPrepared<>(preparation, basis))) {
                throw overloaded();
            }
        } catch (RuntimeException e) {
            responses.onError(status(e));
            return;
        }
        answer(responses, basis.thenApplyAsync(taken -> planned(() -> compute.apply(taken, view)), slow));
    }

    /**
     * Answers a read with what the control thread can tell beside what is shown; without that if it tells nothing now.
     *
     * @param prepare checks the request and says what is asked
     * @param read makes the answer
     */
    <B, T> void consult(
            StreamObserver<T> responses,
            Function<LeaderView, Preparation<B>> prepare,
            BiFunction<Optional<B>, LeaderView, T> read) {
        CompletableFuture<Optional<B>> told = new CompletableFuture<>();
        LeaderView view;
        try {
            view = view();
            if (!queue.offer(new ControlEvent.CallPrepared<>(prepare.apply(view).map(Optional::of), told))) {
                told.complete(Optional.empty());
            }
        } catch (RuntimeException e) {
            responses.onError(status(e));
            return;
        }
        answer(responses, told.exceptionally(Calls::nothingTold).thenApplyAsync(some -> read.apply(some, view), slow));
    }

    private static <B> Optional<B> nothingTold(Throwable failure) {
        if (cause(failure) instanceof KelpieException) {
            return Optional.empty();
        }
        throw new CompletionException(failure);
    }

    private static <T> void answer(StreamObserver<T> responses, CompletableFuture<T> answer) {
        answer.whenComplete((response, failure) -> {
            if (failure != null) {
                responses.onError(status(failure));
            } else {
                responses.onNext(response);
                responses.onCompleted();
            }
        });
    }

    /** Makes a plan on this thread, unless too many are being made. */
    <T> T planned(Supplier<T> plan) {
        if (!plans.tryAcquire()) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_OVERLOADED,
                    MAX_PLANS + " other plans are being made, which is the limit",
                    "retry in a few seconds");
        }
        try {
            return plan.get();
        } finally {
            plans.release();
        }
    }

    /** Runs something on the control thread that nobody waits for; left out if this controller does not lead. */
    void tell(Preparation<?> preparation) {
        queue.add(new ControlEvent.CallPrepared<>(preparation, new CompletableFuture<>()));
    }

    /** The parts of a change that takes time. */
    interface Stages<P> {
        /** Comes first, on the control thread; empty: the request was done before, and is answered the same. */
        Preparation<Optional<P>> first(UUID requestId);

        /** Takes time; fails with a {@link KelpieException} if the change is refused. Called by a thread that may wait. */
        CompletableFuture<Void> between(P prepared);

        /** The change itself. */
        Operation operation(P prepared);

        /** It was refused, or its outcome is unknown. Must not block. */
        default void failed(P prepared, Throwable failure) {}
    }

    /** What this controller would refuse whatever it is does not fill the audit log. */
    private void refuseIfStanding() {
        Optional<KelpieException> refusal = control.standing().refusal();
        if (refusal.isPresent()) {
            throw refusal.get();
        }
    }

    private static UUID requestId(String text) {
        return Uuids.parse(text)
                .orElseThrow(() -> KelpieException.invalidField(
                        "request_id", QuotedText.of(text) + " is no UUID", "give each change a new random UUID"));
    }

    /**
     * Keeps who asks for a change that the control thread has no part in; what became of it is kept with
     * {@link #kept}.
     *
     * @throws KelpieException if the request id is none, or it cannot be kept
     */
    void keep(String requestId, Message request) {
        keep(requestId(requestId), request);
    }

    /** Keeps what became of it. */
    void kept(String requestId, @Nullable Throwable failure) {
        audit.outcome(requestId, outcome(failure));
    }

    /** Before anything is decided, it is on disk who asked for what. */
    private void keep(UUID id, Message request) {
        AuditSubject subject = AuditSubject.of(request);
        try {
            audit.append(new AuditEntry(
                    id.toString(), AuditSubject.method(request), subject.name(), subject.detail(), Callers.present()));
        } catch (IOException e) {
            log.error("the audit log cannot be written", e);
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
                    "the controller's audit log cannot be written (" + e.getMessage() + "); nothing was changed",
                    "make its data folder writable, or make room there");
        }
    }

    private CompletableFuture<ByteString> submit(UUID id, Message request, Operation operation) {
        CompletableFuture<ByteString> answer = new CompletableFuture<>();
        if (!queue.offer(new ControlEvent.OperatorCall(id, hash(request), operation, answer))) {
            throw overloaded();
        }
        return answer;
    }

    private static KelpieException overloaded() {
        return new KelpieException(
                ErrorReason.ERROR_REASON_OVERLOADED,
                "the controller has too many changes waiting",
                "retry in a few seconds");
    }

    private <T extends Message> void answer(
            StreamObserver<T> responses, String requestId, Parser<T> parser, CompletableFuture<ByteString> answer) {
        answer.whenComplete((bytes, failure) -> {
            audit.outcome(requestId, outcome(failure));
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

    private static String outcome(@Nullable Throwable failure) {
        if (failure == null) {
            return "done";
        }
        if (cause(failure) instanceof KelpieException reason) {
            return reason.reason() == ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN
                    ? "unknown"
                    : "refused: " + reason.reason().name().substring("ERROR_REASON_".length());
        }
        return "unknown";
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** The status of a failure. What is not a {@link KelpieException} is a defect: logged under an id. */
    static RuntimeException status(Throwable failure) {
        Throwable cause = cause(failure);
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
