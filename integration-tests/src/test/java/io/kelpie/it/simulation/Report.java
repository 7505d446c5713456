package io.kelpie.it.simulation;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Runs in words. */
final class Report {
    private static final int LINES = 80;

    private Report() {}

    /** Seed, what was found, the end of the log, and the command that shows all of it. */
    static String failure(RunResult run, double hours) {
        List<String> log = run.log();
        String lines = String.join("\n", log.subList(Math.max(0, log.size() - LINES), log.size()));
        String what = run.violation()
                .or(() -> run.notConverged().map(wrong -> "not converged: " + wrong))
                .orElse("nothing found");
        return "seed " + run.seed() + ": " + what + "\n" + lines + "\nreplay: ./dev sim --replay " + run.seed()
                + " --hours " + hours;
    }

    /** Kinds of faults that were not seen in any of the runs. */
    static Set<Fault> unseen(List<RunResult> runs) {
        Set<Fault> unseen = EnumSet.allOf(Fault.class);
        runs.forEach(run -> unseen.removeAll(run.faults().keySet()));
        return unseen;
    }

    /** The last line. */
    static String json(List<RunResult> runs) {
        Map<Fault, Long> faults = new EnumMap<>(Fault.class);
        for (Fault fault : Fault.values()) {
            faults.put(fault, 0L);
        }
        long events = 0;
        double hours = 0;
        for (RunResult run : runs) {
            run.faults().forEach((fault, count) -> faults.merge(fault, (long) count, Long::sum));
            events += run.events();
            hours += run.virtualNanos() / 3.6e12;
        }
        String byKind = faults.entrySet().stream()
                .map(entry -> "\"" + entry.getKey().name().toLowerCase(Locale.ROOT) + "\":" + entry.getValue())
                .collect(Collectors.joining(",", "{", "}"));
        return String.format(
                Locale.ROOT,
                "{\"seeds\":%d,\"virtualHours\":%.1f,\"events\":%d,\"faults\":%s,\"violations\":%d,\"notConverged\":%d}",
                runs.size(),
                hours,
                events,
                byKind,
                runs.stream().filter(run -> run.violation().isPresent()).count(),
                runs.stream().filter(run -> run.notConverged().isPresent()).count());
    }
}
