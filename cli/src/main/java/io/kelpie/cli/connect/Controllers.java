package io.kelpie.cli.connect;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.Pauses;
import io.kelpie.cli.Terminal;
import io.kelpie.common.time.TimeSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's controllers, as a caller sees them: one of them leads, and which may change at any time.
 *
 * <p>A call tries each address and follows a controller's word about who leads. What is not answered is tried again
 * until the request's time is over; a change is repeated with the very same request, so that its request id makes it
 * happen once. A change whose answer never came ends as "outcome unknown", never as failed, also when the operator ends
 * the command while it waits.
 *
 * <p>Not thread-safe. Every call throws {@link CliException} if it does not succeed.
 */
public final class Controllers implements AutoCloseable {
    private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
    private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(1);
    private static final Duration SHORTEST_ATTEMPT = Duration.ofMillis(500);

    /**
     * How long a controller may take at first. One that is stopped takes a call and never answers; one that is only slow
     * has twice as long when it is asked again.
     */
    private static final Duration FIRST_ATTEMPT = Duration.ofSeconds(2);

    private static final int ROUNDS_DOUBLED = 10;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final List<ControllerAddress> configured;
    private final Duration requestTimeout;
    private final Channels channels;
    private final TimeSource clock;
    private final Pauses pauses;
    private final Interrupts interrupts;
    private final Terminal terminal;
    private final Map<ControllerAddress, ManagedChannel> open = new HashMap<>();
    private Optional<ControllerAddress> leader = Optional.empty();
    private final Set<String> toldStale = new HashSet<>();

    /**
     * @param configured at least one address
     * @param requestTimeout how long one call may take, with all its attempts
     * @param terminal takes a line for the operator when a call takes long or is interrupted
     */
    public Controllers(
            List<ControllerAddress> configured,
            Duration requestTimeout,
            Channels channels,
            TimeSource clock,
            Pauses pauses,
            Interrupts interrupts,
            Terminal terminal) {
        this.configured = List.copyOf(configured);
        this.requestTimeout = requestTimeout;
        this.channels = channels;
        this.clock = clock;
        this.pauses = pauses;
        this.interrupts = interrupts;
        this.terminal = terminal;
    }

    public List<ControllerAddress> configured() {
        return configured;
    }

    /** The answer of the leading controller. {@code call} may run several times; it must send the same each time. */
    public <T> T call(Operation operation, Function<Channel, T> call) {
        return call(operation, requestTimeout, call);
    }

    /** As {@link #call(Operation, Function)}, for what may take longer than other requests. */
    public <T> T call(Operation operation, Duration timeout, Function<Channel, T> call) {
        Request request = new Request(operation, timeout);
        Try<T> once = (channel, attempt) -> call.apply(attempt.on(channel));
        if (!operation.changes()) {
            return request.run(once, true);
        }
        try (Interrupts.Registration registration = interrupts.onInterrupt(request::interrupted)) {
            return request.run(once, true);
        }
    }

    /**
     * A stream from the leading controller, without an end in time.
     *
     * @param firstAtOnce true if a living controller sends its first message at once, so that its absence is a failure
     */
    public <Q, S> Incoming<S> stream(
            Operation operation, MethodDescriptor<Q, S> method, Q question, boolean firstAtOnce) {
        long untilNanos = clock.nanoTime() + requestTimeout.toNanos();
        return new Request(operation, requestTimeout)
                .run(
                        (channel, attempt) -> {
                            Incoming<S> incoming =
                                    Incoming.open(attempt.on(channel).newCall(method, CallOptions.DEFAULT), question);
                            incoming.awaitFirst(
                                    attemptNanos(requestTimeout, untilNanos), firstAtOnce, attempt::maySent);
                            return incoming;
                        },
                        false);
    }

    /** The answer of one controller, whether it leads or not, or why there is none. */
    public <T> Answer<T> ask(ControllerAddress address, Function<Channel, T> call) {
        Attempt attempt = new Attempt(requestTimeout.toNanos());
        try {
            return new Answer.Given<>(call.apply(attempt.on(channel(address))));
        } catch (StatusRuntimeException e) {
            return new Answer.None<>(Failures.shortReason(e, attempt));
        }
    }

    @Override
    public void close() {
        open.values().forEach(ManagedChannel::shutdownNow);
        open.clear();
    }

    private ManagedChannel channel(ControllerAddress address) {
        return open.computeIfAbsent(address, channels::open);
    }

    private long attemptNanos(Duration timeout, long untilNanos) {
        long left = untilNanos - clock.nanoTime();
        // A controller that hangs must leave time for the others.
        long share = configured.size() > 1 ? timeout.toNanos() / (configured.size() + 1) : left;
        return Math.max(1, Math.min(left, Math.max(share, SHORTEST_ATTEMPT.toNanos())));
    }

    /** Calls that may take longer than others get their whole share at once: they would rarely be through before. */
    private long attemptNanos(Duration timeout, long untilNanos, int round) {
        long share = attemptNanos(timeout, untilNanos);
        boolean usual = timeout.compareTo(requestTimeout) <= 0 && configured.size() > 1;
        return usual ? Math.min(share, FIRST_ATTEMPT.toNanos() << Math.min(round, ROUNDS_DOUBLED)) : share;
    }

    /** What one controller said when it was asked alone. */
    public sealed interface Answer<T> {
        record Given<T>(T value) implements Answer<T> {}

        /** @param reason why there is no answer, short */
        record None<T>(String reason) implements Answer<T> {}
    }

    /** An answer that may not be so any more, while others are asked. */
    private record Stale<T>(ControllerAddress from, T answer, StaleAnswer mark) {}

    @FunctionalInterface
    private interface Try<T> {
        T on(Channel channel, Attempt attempt);
    }

    /** All attempts of one call. */
    private final class Request {
        private final Operation operation;
        private final Duration timeout;
        private final long beganNanos = clock.nanoTime();
        private final long untilNanos;
        private final Map<ControllerAddress, StatusRuntimeException> lastFailure = new LinkedHashMap<>();
        private final Map<ControllerAddress, Attempt> lastAttempt = new HashMap<>();
        private int rounds;
        private boolean everReached;
        private boolean saidThatItWaits;

        // Read by the thread that says the last words.
        private volatile boolean mayBeDone;
        private volatile @Nullable Attempt underWay;

        Request(Operation operation, Duration timeout) {
            this.operation = operation;
            this.timeout = timeout;
            this.untilNanos = beganNanos + timeout.toNanos();
        }

        /** The operator has ended the command while its change had no answer. */
        Optional<ExitCode> interrupted() {
            Attempt attempt = underWay;
            boolean sent = mayBeDone || (attempt != null && attempt.maySent());
            CliException lastWords = Failures.interrupted(operation, sent);
            if (terminal.progress()) {
                terminal.err().println(); // Ctrl-C has left "^C" on the line
            }
            terminal.out().flush();
            terminal.error(String.valueOf(lastWords.getMessage()), lastWords.fix());
            terminal.err().flush();
            return Optional.of(lastWords.exitCode());
        }

        <T> T run(Try<T> call, boolean withDeadline) {
            Duration backoff = FIRST_BACKOFF;
            while (true) {
                Optional<T> answer = round(call, withDeadline);
                if (answer.isPresent()) {
                    return answer.get();
                }
                if (onlyReadOnly()) {
                    throw ended();
                }
                boolean worthWaiting = operation.changes() || everReached;
                if (!worthWaiting || clock.nanoTime() + backoff.toNanos() >= untilNanos) {
                    throw ended();
                }
                sayThatItWaits();
                pauses.pause(backoff);
                backoff = backoff.multipliedBy(2);
                backoff = backoff.compareTo(LONGEST_BACKOFF) > 0 ? LONGEST_BACKOFF : backoff;
            }
        }

        /** Each known address once: the leader first, and a newly named leader next. */
        private <T> Optional<T> round(Try<T> call, boolean withDeadline) {
            Deque<ControllerAddress> next = new ArrayDeque<>(configured);
            leader.ifPresent(address -> {
                next.remove(address);
                next.addFirst(address);
            });
            Set<ControllerAddress> tried = new HashSet<>();
            @Nullable Stale<T> stale = null;
            while (!next.isEmpty() && clock.nanoTime() < untilNanos) {
                ControllerAddress address = next.removeFirst();
                if (!tried.add(address)) {
                    continue;
                }
                Attempt attempt = new Attempt(withDeadline ? attemptNanos(timeout, untilNanos, rounds) : 0);
                underWay = attempt;
                try {
                    T answer = call.on(channel(address), attempt);
                    if (attempt.stale().isPresent() && !operation.changes()) {
                        // Another controller may know better.
                        stale = stale == null
                                ? new Stale<>(address, answer, attempt.stale().get())
                                : stale;
                        continue;
                    }
                    leader = Optional.of(address);
                    return Optional.of(answer);
                } catch (StatusRuntimeException e) {
                    lastFailure.put(address, e);
                    lastAttempt.put(address, attempt);
                    note(address, Verdict.of(e, attempt), e, next);
                    underWay = null;
                }
            }
            rounds++;
            if (stale != null) {
                tell(stale.from(), stale.mark());
                return Optional.of(stale.answer());
            }
            return Optional.empty();
        }

        private void tell(ControllerAddress from, StaleAnswer mark) {
            String note = "stale: as of " + Instant.ofEpochMilli(mark.sinceMillis()) + ", because " + mark.reason()
                    + " (controller " + from + ")";
            if (toldStale.add(note)) {
                terminal.note(note);
            }
        }

        private void note(
                ControllerAddress address, Verdict verdict, StatusRuntimeException e, Deque<ControllerAddress> next) {
            switch (verdict) {
                case FINAL ->
                    throw mayBeDone && operation.changes()
                            ? Failures.answeredLate(operation, e)
                            : Failures.answered(operation, e);
                case NOT_LEADER -> {
                    everReached = true;
                    leader = Verdict.leader(e).filter(named -> !named.equals(address));
                    leader.ifPresent(next::addFirst);
                }
                case NOT_NOW, READ_ONLY -> everReached = true;
                case NOT_SENT -> {
                    // The channel would wait before it dials again; a new one dials at once.
                    ManagedChannel channel = open.remove(address);
                    if (channel != null) {
                        channel.shutdownNow();
                    }
                }
                case LOST -> {
                    everReached = true;
                    mayBeDone = true;
                }
            }
        }

        /** Whoever answers does not trust the store: that does not pass by itself. */
        private boolean onlyReadOnly() {
            List<Verdict> verdicts =
                    lastFailure.keySet().stream().map(this::verdict).toList();
            return verdicts.contains(Verdict.READ_ONLY)
                    && verdicts.stream()
                            .allMatch(verdict -> verdict == Verdict.READ_ONLY || verdict == Verdict.NOT_SENT);
        }

        private void sayThatItWaits() {
            if (!saidThatItWaits && clock.nanoTime() - beganNanos > PATIENCE.toNanos()) {
                saidThatItWaits = true;
                terminal.note("still trying to " + operation.what() + " (" + attempts() + ")");
            }
        }

        private CliException ended() {
            if (mayBeDone && operation.changes()) {
                return Failures.outcomeUnknown(operation, timeout, attempts());
            }
            for (Map.Entry<ControllerAddress, StatusRuntimeException> failed : lastFailure.entrySet()) {
                if (verdict(failed.getKey()) == Verdict.NOT_NOW) {
                    return Failures.answeredNotNow(operation, failed.getValue());
                }
            }
            for (Map.Entry<ControllerAddress, StatusRuntimeException> failed : lastFailure.entrySet()) {
                if (verdict(failed.getKey()) == Verdict.READ_ONLY) {
                    return Failures.answered(operation, failed.getValue());
                }
            }
            boolean heardSomebody = lastFailure.keySet().stream().anyMatch(a -> verdict(a) == Verdict.NOT_LEADER);
            return heardSomebody
                    ? Failures.noLeader(operation, timeout, attempts())
                    : Failures.unreachable(operation, attempts());
        }

        private Verdict verdict(ControllerAddress address) {
            StatusRuntimeException failure = lastFailure.get(address);
            Attempt attempt = lastAttempt.get(address);
            return failure == null || attempt == null ? Verdict.NOT_SENT : Verdict.of(failure, attempt);
        }

        private String attempts() {
            List<String> attempts = new ArrayList<>();
            lastFailure.forEach((address, failure) -> {
                Attempt attempt = lastAttempt.get(address);
                if (attempt != null) {
                    attempts.add(address + ": " + Failures.shortReason(failure, attempt));
                }
            });
            return attempts.stream().collect(Collectors.joining("; "));
        }
    }

    /** How long one call may take. */
    public Duration requestTimeout() {
        return requestTimeout;
    }
}
