package io.kelpie.agent.instance;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What became of a job: its value, or the exception that ended it. */
public final class Outcome<T> {
    private final @Nullable T value;
    private final @Nullable Exception failure;

    private Outcome(@Nullable T value, @Nullable Exception failure) {
        this.value = value;
        this.failure = failure;
    }

    /** Runs the job. An {@link Error} of the job counts as a failure too, so that its owner learns of it. */
    public static <T> Outcome<T> of(Callable<T> job) {
        try {
            return new Outcome<>(job.call(), null);
        } catch (Exception e) {
            return new Outcome<>(null, e);
        } catch (Error e) {
            return new Outcome<>(null, new ExecutionException(e));
        }
    }

    /** Calls exactly one of the two. */
    public void handle(Consumer<T> onValue, Consumer<Exception> onFailure) {
        if (failure != null) {
            onFailure.accept(failure);
        } else {
            @SuppressWarnings("NullAway") // a job's value is what the job made it, also null for Void
            T result = value;
            onValue.accept(result);
        }
    }
}
