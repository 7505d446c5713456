package io.kelpie.it.benchmark;

import io.kelpie.common.time.TimeSource;
import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.BadInputException;
import io.kelpie.it.benchmark.measure.Arguments;
import io.kelpie.it.benchmark.measure.BadOptionException;
import io.kelpie.it.benchmark.measure.Report;
import io.kelpie.it.benchmark.packing.CloudReport;
import io.kelpie.it.benchmark.packing.DataFolder;
import io.kelpie.it.benchmark.packing.HostKind;
import io.kelpie.it.benchmark.packing.PackingReport;
import io.kelpie.it.benchmark.packing.PackingTask;
import io.kelpie.it.benchmark.packing.Traces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How many VMs of production traces find a place on given hosts, and how few hosts do for traces with departures: first-fit,
 * best-fit, spread and Kelpie with the same rules, beside bounds that no engine can beat.
 */
public final class PackingBenchmark {
    private static final int NTH_LOST = 10;
    private static final int CLOUD_VMS = 60_000;
    private static final int CLOUD_DAYS = 30;
    private static final int CLOUD_SEEDS = 5;
    private static final HostKind OPENB_KIND = HostKind.of("128x768");
    private static final int OPENB_COPIES = 20;
    private static final long DAY_MILLIS = 86_400_000;

    private PackingBenchmark() {}

    public static void main(String[] arguments) throws IOException, BadInputException {
        Arguments parsed = Arguments.of(arguments, PackingTask.USAGE, PackingTask.OPTIONS);
        PackingTask task;
        try {
            task = PackingTask.of(parsed::text);
        } catch (BadOptionException e) {
            parsed.refuse(e.getMessage());
            return;
        }
        Optional<String> folder = parsed.text("--data").or(() -> Optional.ofNullable(System.getenv("KELPIE_DATA")));
        DataFolder data = new DataFolder(Path.of(folder.orElse("")));
        if (task instanceof PackingTask.Tables tables && tables.readsData() && !data.isComplete()) {
            parsed.refuse("the traces are not in \"" + data.path() + "\": name their folder by --data or KELPIE_DATA");
        }
        Report.print("%s; load %.2f", Report.conditions(), Report.load());
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("bench", "packing");
        if (task instanceof PackingTask.Tables tables) {
            tables(tables.traces(), data, result);
        } else if (task instanceof PackingTask.Seeds seeds) {
            CloudReport report = cloudReport();
            result.put("seeds", seeds.seeds().toString());
            result.put("kinds", report.seeds(seeds.seeds(), seeds.kinds()));
            result.put("violations", report.violations());
        } else if (task instanceof PackingTask.Perturb perturb) {
            CloudReport report = cloudReport();
            result.put("seeds", perturb.seeds().toString());
            result.put("perturbed", report.perturb(perturb.seeds(), perturb.kinds(), perturb.variants()));
            result.put("violations", report.violations());
        }
        Report.print(result);
    }

    private static CloudReport cloudReport() {
        return new CloudReport(CLOUD_VMS, CLOUD_DAYS, TimeSource.system());
    }

    private static void tables(List<String> traces, DataFolder data, Map<String, Object> result)
            throws IOException, BadInputException {
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
            departures.put("openb", report.fewestHosts("openb", openb, OPENB_KIND.pool(), PackingReport.ALL));
            String many = "openb-x" + OPENB_COPIES;
            departures.put(
                    many,
                    report.fewestHosts(
                            many,
                            Traces.overlaid(openb, OPENB_COPIES, DAY_MILLIS),
                            OPENB_KIND.pool(),
                            PackingReport.PACKING));
        }
        result.put("departures", departures);
        result.put("violations", report.violations());
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
            for (HostKind kind : HostKind.OF_CLOUDS) {
                String name = "cloud-" + seed + "-" + kind.name();
                departures.put(
                        name,
                        report.fewestHosts(
                                name, trace, kind.pool(), seed == 1 ? PackingReport.ALL : PackingReport.PACKING));
            }
        }
    }
}
