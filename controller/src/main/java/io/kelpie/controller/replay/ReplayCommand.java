package io.kelpie.controller.replay;

import io.kelpie.common.time.TimeSource;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.controller.replay.input.BadInputException;
import io.kelpie.controller.replay.input.HostFile;
import io.kelpie.controller.replay.input.InputProblem;
import io.kelpie.controller.replay.input.UniformPool;
import io.kelpie.controller.replay.input.VmFile;
import io.kelpie.controller.replay.report.ReportJson;
import io.kelpie.controller.replay.report.ReportTable;
import io.kelpie.controller.replay.report.SeriesCsv;
import io.kelpie.controller.replay.report.UsageSvg;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code kelpie replay}: reads, replays, checks, reports. Data goes to {@code out}, everything else to {@code err}.
 * Rejections are a result, not a failure; a plan that breaks a rule is a failure.
 */
@Command(
        name = "kelpie replay",
        sortOptions = false,
        description = {
            "Places the VMs of a trace on a pool of hosts, with the controller's own engine and without a cluster.",
            ""
        },
        footer = {
            "",
            "Times are the engine's alone: the median and the 99th percentile of all decisions, and successful placements"
                    + " a second. A trace that takes less than 2 s is replayed several times, and the last one is told.",
            "",
            "Exit codes: 0 ok, 1 failed, 2 usage or a faulty file; nothing was run then."
        })
final class ReplayCommand implements Callable<Integer> {
    private static final int MAX_COUNT = 1_000_000;
    private static final int HOSTS_PER_RACK = 16;
    private static final int MAX_DAYS = 3660;
    private static final int MAX_GENERATED = 10_000_000;
    private static final int DAYS = 14;

    private final Placements.Factory engines;
    private final TimeSource clock;
    private final PrintStream out;
    private final PrintStream err;

    @Mixin
    private final ReplayOptions options = new ReplayOptions();

    ReplayCommand(Placements.Factory engines, TimeSource clock, PrintStream out, PrintStream err) {
        this.engines = engines;
        this.clock = clock;
        this.out = out;
        this.err = err;
    }

    @Override
    public Integer call() throws ReplayFailedException, IOException {
        if (options.generate != null) {
            generate(options.generate);
            return 0;
        }
        checkCombination();
        ReplayFiles.checkOutputs(options);
        // Both files are read before either is judged, so that one run tells the faults of both.
        Optional<ReplayPool> hosts = options.hosts == null ? Optional.empty() : read(options.hosts, HostFile::read);
        Optional<Trace> trace = read(required(options.vms, "--vms"), VmFile::read);
        if (trace.isEmpty() || (options.hosts != null && hosts.isEmpty())) {
            err.println("nothing was run");
            return ReplayFailedException.USAGE;
        }
        ReplayRules rules = new ReplayRules(options.policy, options.overhead, options.seed);
        return hosts.isPresent()
                ? replay(hosts.get(), trace.get(), rules, OptionalInt.empty())
                : replayUniform(uniform(), trace.get(), rules);
    }

    /** Empty if the file is faulty, which is then told. */
    private <T> Optional<T> read(Path file, ReplayFiles.Reader<T> reader) throws ReplayFailedException {
        try {
            return Optional.of(ReplayFiles.read(file, reader));
        } catch (BadInputException e) {
            for (InputProblem problem : e.problems()) {
                error(problem.text());
            }
            if (!e.complete()) {
                err.println("the file was not read further: it may have more faults than these");
            }
            return Optional.empty();
        }
    }

    private int replayUniform(UniformPool kind, Trace trace, ReplayRules rules) throws ReplayFailedException {
        if (!options.findMinHosts) {
            return replay(kind.of(count()), trace, rules, OptionalInt.empty());
        }
        MinHosts found = new MinHostsSearch(kind, trace, rules, engines, clock).find();
        if (!found.monotonic()) {
            err.println("note: a larger pool than " + found.hosts().orElse(0)
                    + " rejects a VM: the fewest hosts without a rejection are no bound for larger pools");
        }
        return replay(kind.of(found.hosts().orElse(0)), trace, rules, found.hosts());
    }

    private int replay(ReplayPool pool, Trace trace, ReplayRules rules, OptionalInt minHosts)
            throws ReplayFailedException {
        ReplayOutcome outcome = new WarmReplay(pool, trace, rules, engines, clock).run();
        ReplayChecker.Verdict verdict = ReplayChecker.check(pool, trace, rules.overhead(), outcome.log());
        return report(new ReplayReport(pool, trace, outcome, minHosts, verdict));
    }

    private int report(ReplayReport report) throws ReplayFailedException {
        if (options.series != null) {
            ReplayFiles.write(options.series, SeriesCsv.of(report));
        }
        if (options.svg != null) {
            ReplayFiles.write(options.svg, UsageSvg.of(report));
        }
        switch (options.output) {
            case TABLE -> out.print(ReportTable.of(report));
            case JSON -> out.println(ReportJson.of(report));
        }
        flush();
        if (report.verdict().violations() == 0) {
            return 0;
        }
        error(report.verdict().violations() + " placements break a rule, which is a defect of the engine:");
        report.verdict().told().forEach(violation -> err.println("  " + violation));
        err.println("fix: report it with both files and the options");
        return ReplayFailedException.FAILED;
    }

    private void generate(int vms) throws ReplayFailedException, IOException {
        boolean alone = options.hosts == null
                && options.uniform == null
                && options.vms == null
                && options.count == null
                && options.series == null
                && options.svg == null
                && !options.findMinHosts;
        if (!alone) {
            throw ReplayFailedException.usage(
                    "--generate replays nothing", "give it --days and --seed alone, and replay what it prints");
        }
        int count = inRange("--generate", vms, MAX_GENERATED);
        int days = options.days == null ? DAYS : inRange("--days", options.days, MAX_DAYS);
        new TraceGenerator(count, days, options.seed).write(out);
        flush();
    }

    private void checkCombination() throws ReplayFailedException {
        if ((options.hosts == null) == (options.uniform == null)) {
            throw ReplayFailedException.usage(
                    options.hosts == null ? "no pool is given" : "--hosts and --uniform are both given",
                    "give either --hosts FILE or --uniform 64x256 --count N");
        }
        required(options.vms, "--vms");
        if (options.days != null) {
            throw ReplayFailedException.usage("--days goes with --generate", "leave it out");
        }
        if (options.hosts != null) {
            String alien = options.count != null
                    ? "--count"
                    : options.findMinHosts
                            ? "--find-min-hosts"
                            : options.hostsPerRack != null ? "--hosts-per-rack" : "";
            if (!alien.isEmpty()) {
                throw ReplayFailedException.usage(alien + " goes with --uniform", "leave it out, or --hosts");
            }
            return;
        }
        if ((options.count != null) == options.findMinHosts) {
            throw ReplayFailedException.usage(
                    options.findMinHosts ? "--find-min-hosts and --count are both given" : "the pool has no size",
                    "give either --count N or --find-min-hosts");
        }
        uniform();
        count();
    }

    private UniformPool uniform() throws ReplayFailedException {
        String text = required(options.uniform, "--uniform");
        int hostsPerRack = options.hostsPerRack == null
                ? HOSTS_PER_RACK
                : inRange("--hosts-per-rack", options.hostsPerRack, MAX_COUNT);
        return UniformPool.parse(text, hostsPerRack)
                .orElseThrow(() -> ReplayFailedException.usage(
                        "--uniform: " + QuotedText.of(text) + " is no kind of host", "write " + UniformPool.RULE));
    }

    private int count() throws ReplayFailedException {
        return options.count == null ? 1 : inRange("--count", options.count, MAX_COUNT);
    }

    private static int inRange(String option, int value, int max) throws ReplayFailedException {
        if (value < 1 || value > max) {
            throw ReplayFailedException.usage(option + ": " + value + " is out of range", "give 1 to " + max);
        }
        return value;
    }

    private static <T> T required(@Nullable T value, String option) throws ReplayFailedException {
        if (value == null) {
            throw ReplayFailedException.usage(option + " is not given", "see: kelpie replay --help");
        }
        return value;
    }

    private void flush() throws ReplayFailedException {
        if (out.checkError()) {
            throw ReplayFailedException.failed("the output could not be written", "make room, or read it to its end");
        }
    }

    private void error(String text) {
        err.println("error: " + text);
    }
}
