package io.kelpie.it.chaos;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * {@code ./dev chaos}: a cluster of nine processes in network namespaces, faults, an observer, and what it found, in the
 * last line, as JSON. Ends with 1 if a promise was broken.
 */
public final class ChaosMain {
    private static final List<String> OPTIONS =
            List.of("--minutes", "--seed", "--scenario", "--folder", "--transcript", "--times");

    private ChaosMain() {}

    public static void main(String[] arguments) {
        boolean kept = false;
        try {
            kept = run(options(arguments));
        } catch (Exception e) {
            e.printStackTrace();
        }
        System.exit(kept ? 0 : 1); // whatever threads are left: with this process ends all that it has started
    }

    private static boolean run(Map<String, String> options) throws Exception {
        Path folder = Path.of(options.getOrDefault("--folder", "")).toAbsolutePath();
        long seed = options.containsKey("--seed")
                ? Long.parseLong(options.get("--seed"))
                : ThreadLocalRandom.current().nextLong(1_000_000);
        String scenario = options.getOrDefault("--scenario", "");
        int minutes = Integer.parseInt(options.getOrDefault("--minutes", "5"));
        String json;
        boolean kept;
        Path file = Path.of(options.getOrDefault(
                "--transcript", folder.resolve("transcript").toString()));
        Files.createDirectories(file.toAbsolutePath().getParent());
        try (Transcript transcript = new Transcript(file)) {
            transcript.plain(
                    scenario.isEmpty()
                            ? "./dev chaos --minutes " + minutes + " --seed " + seed
                            : "./dev chaos --scenario " + scenario);
            TestCluster cluster = TestCluster.start(
                    folder, TestCluster.Purpose.FAULTS, (ensemble, controllers) -> {}, line -> transcript.line(line));
            try (cluster) {
                transcript.line("3 ZooKeeper servers, 3 controllers and 3 agents are up");
                if (scenario.isEmpty()) {
                    ChaosRun run = new ChaosRun(cluster, transcript, seed);
                    json = run.run(minutes);
                    kept = run.kept();
                } else {
                    Scenarios scenarios = new Scenarios(cluster, transcript);
                    json = scenarios.run(scenario, Integer.parseInt(options.getOrDefault("--times", "0")));
                    kept = scenarios.kept();
                }
            }
            Watcher.Summary observer = cluster.watcher().summary();
            transcript.line("the observer: " + observer);
            observer.doubts().forEach(doubt -> transcript.line("THE OBSERVER PROVES NOTHING: " + doubt));
            transcript.plain(json);
            return kept && observer.doubts().isEmpty();
        }
    }

    private static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        if (arguments.length % 2 != 0 || !OPTIONS.containsAll(options.keySet())) {
            System.err.println("usage: ./dev chaos [--minutes M] [--seed S] [--transcript FILE]\n"
                    + "       ./dev chaos --scenario NAME [--times N] [--transcript FILE]   one of "
                    + Scenarios.NAMES);
            System.exit(2);
        }
        return options;
    }
}
