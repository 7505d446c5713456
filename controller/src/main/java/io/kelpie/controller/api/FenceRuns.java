package io.kelpie.controller.api;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.control.PowerOff;
import io.kelpie.controller.fence.FenceFailedException;
import io.kelpie.controller.fence.FencePlugin;
import io.kelpie.controller.fence.FenceTarget;
import io.kelpie.proto.v1.ErrorReason;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** Runs of the fence plug-in: at most one a host, each on a thread of its own, none on the control thread. Thread-safe. */
final class FenceRuns {
    /** Runs at a time: each is some processes and threads. */
    private static final int MAX_RUNS = 64;

    private record Run(UUID attempt, CompletableFuture<Void> outcome) {}

    private final Optional<FencePlugin> plugin;
    private final Executor executor;

    // Guarded by this.
    private final Map<String, Run> byHost = new HashMap<>();

    FenceRuns(Optional<FencePlugin> plugin, Executor executor) {
        this.plugin = plugin;
        this.executor = executor;
    }

    /** Throws if no plug-in is configured. */
    FencePlugin requirePlugin() {
        return plugin.orElseThrow(() -> new KelpieException(
                ErrorReason.ERROR_REASON_FENCE_FAILED,
                "no fence plug-in is configured",
                "write 'fence: {command: [/path/to/plugin]}' into the configuration of every controller; or switch the"
                        + " host off by hand and say so: kelpie host confirm-dead HOST"));
    }

    /**
     * Powers a host off; an attempt that is under way is joined.
     *
     * @return completes once the host is confirmed to be off; fails with a {@link KelpieException} if it is not
     */
    CompletableFuture<Void> run(PowerOff begun) {
        FencePlugin present = requirePlugin();
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        synchronized (this) {
            Run former = byHost.get(begun.hostId());
            if (former != null && former.attempt().equals(begun.attempt())) {
                return former.outcome();
            }
            byHost.values().removeIf(run -> run.outcome().isDone());
            if (byHost.containsKey(begun.hostId())) {
                // Begun in an earlier term: what it finds says nothing about what was started on the host since.
                return CompletableFuture.failedFuture(new KelpieException(
                        ErrorReason.ERROR_REASON_FENCE_FAILED,
                        "an earlier run of the fence plug-in for host " + begun.hostName() + " has not ended yet",
                        "ask again in a minute"));
            }
            if (byHost.size() >= MAX_RUNS) {
                return CompletableFuture.failedFuture(new KelpieException(
                        ErrorReason.ERROR_REASON_OVERLOADED,
                        MAX_RUNS + " fences are under way",
                        "ask again when some have ended"));
            }
            byHost.put(begun.hostId(), new Run(begun.attempt(), outcome));
        }
        executor.execute(() -> {
            try {
                present.powerOff(new FenceTarget(begun.hostId(), begun.hostName(), begun.labels()));
                outcome.complete(null);
            } catch (FenceFailedException e) {
                outcome.completeExceptionally(failed(begun, String.valueOf(e.getMessage())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                outcome.completeExceptionally(failed(begun, "the controller ends"));
            } catch (RuntimeException e) {
                outcome.completeExceptionally(new CompletionException(e));
            }
        });
        return outcome;
    }

    private static KelpieException failed(PowerOff begun, String why) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_FENCE_FAILED,
                why,
                "look at the plug-in and the host's management board, and ask again; or switch host " + begun.hostName()
                        + " off by hand and say so: kelpie host confirm-dead " + begun.hostName(),
                Map.of("host", begun.hostName()));
    }
}
