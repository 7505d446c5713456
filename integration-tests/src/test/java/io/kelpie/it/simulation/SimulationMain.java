package io.kelpie.it.simulation;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/** {@code ./dev sim}: many seeds; the last line is JSON. Ends with 0 only if nothing was found. */
public final class SimulationMain {
    private static final int FAILURES_SHOWN = 5;
    private static final int USAGE = 2;

    private SimulationMain() {}

    public static void main(String[] args) throws InterruptedException, ExecutionException {
        long seeds = 100;
        long from = 1;
        double hours = 1;
        long replay = -1;
        for (int i = 0; i < args.length; i++) {
            boolean hasValue = i + 1 < args.length;
            if (args[i].equals("--seeds") && hasValue) {
                seeds = Long.parseLong(args[++i]);
            } else if (args[i].equals("--from") && hasValue) {
                from = Long.parseLong(args[++i]);
            } else if (args[i].equals("--hours") && hasValue) {
                hours = Double.parseDouble(args[++i]);
            } else if (args[i].equals("--replay") && hasValue) {
                replay = Long.parseLong(args[++i]);
            } else {
                System.err.println("sim: cannot use " + args[i]);
                System.exit(USAGE);
            }
        }
        Defects.listen(replay >= 0);
        System.exit(replay >= 0 ? replay(replay, hours) : all(from, seeds, hours));
    }

    private static int replay(long seed, double hours) {
        RunResult run = Simulation.run(seed, hours, true);
        System.err.println(Report.failure(run, hours));
        System.out.println(Report.json(List.of(run)));
        return run.clean() ? 0 : 1;
    }

    private static int all(long from, long seeds, double hours) throws InterruptedException, ExecutionException {
        AtomicInteger shown = new AtomicInteger();
        List<RunResult> runs = Runs.many(from, seeds, seed -> Simulation.run(seed, hours, false), run -> {
            if (!run.clean() && shown.getAndIncrement() < FAILURES_SHOWN) {
                System.err.println(Report.failure(run, hours));
            }
        });
        System.out.println(Report.json(runs));
        return runs.stream().allMatch(RunResult::clean) ? 0 : 1;
    }
}
