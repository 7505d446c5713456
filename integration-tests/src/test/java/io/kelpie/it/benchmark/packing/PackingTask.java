package io.kelpie.it.benchmark.packing;

import io.kelpie.it.benchmark.measure.BadOptionException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** What the benchmark of packing is asked to do. */
public sealed interface PackingTask {
    String USAGE = """
            ./dev bench packing [--data DIR] [--traces topology,cloud,openb]
                   ./dev bench packing --seeds A-B [--kinds 64x256,...]
                   ./dev bench packing --perturb N [--seeds A-B] [--kinds 128x320,...]""";

    Set<String> OPTIONS = Set.of("--data", "--traces", "--seeds", "--kinds", "--perturb");

    /** Where nothing was tuned: the tables have seeds 1 to 5. */
    SeedRange UNSEEN_SEEDS = new SeedRange(101, 180);

    /** The seed of the one trace of the tables on which Kelpie needs a host more than best-fit. */
    SeedRange LEFT_OUT_SEED = new SeedRange(1, 1);

    int VARIANTS_MOST = 5_000;

    /**
     * The tables of all engines.
     *
     * @param traces of topology, cloud and openb
     */
    record Tables(List<String> traces) implements PackingTask {
        private static final List<String> ALL = List.of("topology", "cloud", "openb");

        /** Whether files are needed. */
        public boolean readsData() {
            return traces.contains("topology") || traces.contains("openb");
        }
    }

    /** Best-fit and Kelpie on the cloud's traces of many seeds. */
    record Seeds(SeedRange seeds, List<HostKind> kinds) implements PackingTask {}

    /**
     * Best-fit and Kelpie on variants of each trace that lack one small VM.
     *
     * @param variants of each trace
     */
    record Perturb(SeedRange seeds, List<HostKind> kinds, int variants) implements PackingTask {}

    /**
     * @param option the value of an option, if it was given
     */
    static PackingTask of(Function<String, Optional<String>> option) throws BadOptionException {
        Optional<String> seeds = option.apply("--seeds");
        Optional<String> kinds = option.apply("--kinds");
        Optional<String> perturb = option.apply("--perturb");
        if (seeds.isEmpty() && kinds.isEmpty() && perturb.isEmpty()) {
            return new Tables(traces(option.apply("--traces")));
        }
        for (String alien : List.of("--data", "--traces")) {
            if (option.apply(alien).isPresent()) {
                throw new BadOptionException(
                        alien, "with --seeds, --kinds or --perturb the traces are generated", "leave it out");
            }
        }
        SeedRange range = seeds.isPresent()
                ? SeedRange.parse("--seeds", seeds.get())
                : perturb.isPresent() ? LEFT_OUT_SEED : UNSEEN_SEEDS;
        List<HostKind> hosts = kinds.isPresent()
                ? HostKind.parseList("--kinds", kinds.get())
                : perturb.isPresent() ? List.of(HostKind.OF_LEFT_OUT) : HostKind.OF_CLOUDS;
        return perturb.isPresent() ? new Perturb(range, hosts, variants(perturb.get())) : new Seeds(range, hosts);
    }

    private static List<String> traces(Optional<String> text) throws BadOptionException {
        List<String> traces = text.map(given -> List.of(given.split(",", -1))).orElse(Tables.ALL);
        for (String trace : traces) {
            if (!Tables.ALL.contains(trace)) {
                throw new BadOptionException(
                        "--traces", "there is no \"" + trace + "\"", "write some of topology,cloud,openb");
            }
        }
        return traces;
    }

    private static int variants(String text) throws BadOptionException {
        if (!text.matches("\\d{1,6}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > VARIANTS_MOST) {
            throw new BadOptionException(
                    "--perturb",
                    "\"" + text + "\" is no number of variants",
                    "write a number from 1 to " + VARIANTS_MOST + ", e.g. 200");
        }
        return Integer.parseInt(text);
    }
}
