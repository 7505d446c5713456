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

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = options(arguments);
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
                    json = new ChaosRun(cluster, transcript, seed).run(minutes);
                    kept = json.contains("\"overlapMillis\":0,\"killedByControlPlane\":0,\"lost\":0,\"notConverged\":0,"
                            + "\"diskBreaks\":0");
                } else {
                    Scenarios scenarios = new Scenarios(cluster, transcript);
                    json = scenarios.run(scenario, Integer.parseInt(options.getOrDefault("--times", "0")));
                    kept = scenarios.kept();
                }
            }
            transcript.line("the observer: " + cluster.watcher().summary());
            transcript.plain(json);
        }
        System.exit(kept ? 0 : 1);
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
