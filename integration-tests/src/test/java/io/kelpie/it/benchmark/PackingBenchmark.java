package io.kelpie.it.benchmark;

import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.BadInputException;
import io.kelpie.controller.replay.input.UniformPool;
import io.kelpie.it.benchmark.measure.Arguments;
import io.kelpie.it.benchmark.measure.Report;
import io.kelpie.it.benchmark.packing.DataFolder;
import io.kelpie.it.benchmark.packing.PackingReport;
import io.kelpie.it.benchmark.packing.Traces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How many VMs of production traces find a place on given hosts, and how few hosts do for traces with departures: first-fit,
 * best-fit, spread and Kelpie with the same rules, beside bounds that no engine can beat.
 */
public final class PackingBenchmark {
    private static final String USAGE = "./dev bench packing [--data DIR] [--traces topology,cloud,openb]";
    private static final Set<String> TRACES = Set.of("topology", "cloud", "openb");
    private static final int NTH_LOST = 10;
    private static final int CLOUD_VMS = 60_000;
    private static final int CLOUD_DAYS = 30;
    private static final int CLOUD_SEEDS = 5;
    private static final List<String> CLOUD_KINDS = List.of("64x256", "96x384", "96x288", "128x320");
    private static final String OPENB_KIND = "128x768";
    private static final int OPENB_COPIES = 20;
    private static final long DAY_MILLIS = 86_400_000;
    private static final int HOSTS_PER_RACK = 20;

    private PackingBenchmark() {}

    public static void main(String[] arguments) throws IOException, BadInputException {
        Arguments parsed = Arguments.of(arguments, USAGE, Set.of("--data", "--traces"));
        List<String> traces =
                List.of(parsed.text("--traces").orElse("topology,cloud,openb").split(",", -1));
        if (!TRACES.containsAll(traces)) {
            parsed.refuse("--traces: there are topology, cloud and openb");
        }
        Optional<String> folder = parsed.text("--data").or(() -> Optional.ofNullable(System.getenv("KELPIE_DATA")));
        DataFolder data = new DataFolder(Path.of(folder.orElse("")));
        if ((traces.contains("topology") || traces.contains("openb")) && !data.isComplete()) {
            parsed.refuse("the traces are not in \"" + data.path() + "\": name their folder by --data or KELPIE_DATA");
        }
        Report.print("%s; load %.2f", Report.conditions(), Report.load());
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("bench", "packing");
        PackingReport report = new PackingReport();
        if (traces.contains("topology")) {
            result.put("topology", topology(data, report));
        }
        Map<String, Object> departures = new LinkedHashMap<>();
        if (traces.contains("cloud")) {
            cloud(report, departures);
        }
        if (traces.contains("openb")) {
            Trace openb = data.openb();
            departures.put("openb", report.fewestHosts("openb", openb, kind(OPENB_KIND), PackingReport.ALL));
            String many = "openb-x" + OPENB_COPIES;
            departures.put(
                    many,
                    report.fewestHosts(
                            many,
                            Traces.overlaid(openb, OPENB_COPIES, DAY_MILLIS),
                            kind(OPENB_KIND),
                            PackingReport.PACKING));
        }
        result.put("departures", departures);
        result.put("violations", report.violations());
        Report.print(result);
    }

    private static Map<String, Object> topology(DataFolder data, PackingReport report)
            throws IOException, BadInputException {
        ReplayPool all = data.topologyHosts();
        ReplayPool fewer = Traces.withoutEvery(NTH_LOST, all);
        Map<String, Object> cases = new LinkedHashMap<>();
        for (String name : List.of("c1", "c2", "c3")) {
            Trace trace = data.topologyVms(name);
            Map<String, Object> pools = new LinkedHashMap<>();
            pools.put("allHosts", report.placed(name + ", all hosts", all, trace));
            pools.put("everyTenthRemoved", report.placed(name + ", every 10th host removed", fewer, trace));
            cases.put(name, pools);
        }
        return cases;
    }

    private static void cloud(PackingReport report, Map<String, Object> departures)
            throws IOException, BadInputException {
        for (int seed = 1; seed <= CLOUD_SEEDS; seed++) {
            Trace trace = Traces.cloud(CLOUD_VMS, CLOUD_DAYS, seed);
            for (String kind : CLOUD_KINDS) {
                String name = "cloud-" + seed + "-" + kind;
                departures.put(
                        name,
                        report.fewestHosts(
                                name, trace, kind(kind), seed == 1 ? PackingReport.ALL : PackingReport.PACKING));
            }
        }
    }

    private static UniformPool kind(String text) {
        return UniformPool.parse(text, HOSTS_PER_RACK)
                .orElseThrow(() -> new IllegalArgumentException("no kind of host: " + text));
    }
}
