package io.kelpie.it.simulation;

import com.google.protobuf.ByteString;
import io.kelpie.common.error.KelpieException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** One request of someone's, repeated under its id, at any controller, until the answer is known. */
final class Request {
    private static final long PATIENCE_NANOS = 10 * World.SECOND;
    private static final long SOON_NANOS = World.SECOND / 2;

    /** What is asked of a controller. */
    interface Call {
        void ask(SimController controller, UUID requestId, CompletableFuture<ByteString> answer);
    }

    /** Who wants to know. */
    interface Asker {
        /** It is done. */
        void done(ByteString answer, int attempts);

        /** It was refused, for good if the asker does not want to ask again. */
        boolean asksAgain(KelpieException refusal, int attempts);
    }

    private final World world;
    private final List<SimController> controllers;
    private final SplittableRandom random;
    private final Call call;
    private final Asker asker;
    private final long pauseNanos;
    private final UUID requestId;
    private int attempts;
    private boolean answered;

    /** @param pauseNanos how long the asker waits after a refusal that it does not take for an answer */
    Request(
            World world,
            List<SimController> controllers,
            SplittableRandom random,
            Call call,
            Asker asker,
            long pauseNanos) {
        this.world = world;
        this.controllers = controllers;
        this.random = random;
        this.call = call;
        this.asker = asker;
        this.pauseNanos = pauseNanos;
        this.requestId = uuid(random);
    }

    static UUID uuid(SplittableRandom random) {
        return new UUID(random.nextLong() & ~0xF000L | 0x4000L, random.nextLong() & ~(3L << 62) | 2L << 62);
    }

    void attempt() {
        int attempt = ++attempts;
        SimController controller = controllers.get(random.nextInt(controllers.size()));
        CompletableFuture<ByteString> answer = new CompletableFuture<>();
        call.ask(controller, requestId, answer);
        answer.whenComplete((bytes, failure) -> world.after(World.MILLI, () -> answered(attempt, bytes, failure)));
        world.after(PATIENCE_NANOS, () -> again(attempt, 0));
    }

    private void answered(int attempt, ByteString bytes, Throwable failure) {
        if (answered) {
            return;
        }
        if (failure == null) {
            answered = true;
            asker.done(bytes, attempts);
            return;
        }
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (!(cause instanceof KelpieException refusal)) {
            throw new IllegalStateException("an answer that is no KelpieException", cause);
        }
        switch (refusal.reason()) {
            case ERROR_REASON_NOT_LEADER,
                    ERROR_REASON_OUTCOME_UNKNOWN,
                    ERROR_REASON_STORE_UNAVAILABLE,
                    ERROR_REASON_READ_ONLY,
                    ERROR_REASON_OVERLOADED -> again(attempt, SOON_NANOS);
            default -> {
                if (asker.asksAgain(refusal, attempts)) {
                    again(attempt, pauseNanos);
                } else {
                    answered = true;
                }
            }
        }
    }

    private void again(int attempt, long pause) {
        if (!answered && attempt == attempts) {
            world.after(pause, this::attempt);
        }
    }
}
