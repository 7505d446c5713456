package io.kelpie.it.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.LongFunction;

/** Runs seeds, a thread a processor; what a seed does depends on nothing but the seed. */
final class Runs {
    private Runs() {}

    static List<RunResult> many(long from, long count, LongFunction<RunResult> run, Consumer<RunResult> each)
            throws InterruptedException, ExecutionException {
        ExecutorService threads =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
        try {
            List<Future<RunResult>> futures = new ArrayList<>();
            for (long seed = from; seed < from + count; seed++) {
                long mine = seed;
                futures.add(threads.submit(() -> run.apply(mine)));
            }
            List<RunResult> results = new ArrayList<>();
            for (Future<RunResult> future : futures) {
                RunResult result = future.get();
                each.accept(result);
                results.add(result);
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
