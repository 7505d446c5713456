package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.spec.JobFiles;
import io.kelpie.cli.spec.ParsedJob;
import io.kelpie.cli.wait.Condition;
import io.kelpie.proto.v1.ApplyJobResponse;
import io.kelpie.proto.v1.JobSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "apply",
        description = {
            "Makes or changes jobs as files describe them.",
            "Never restarts a running VM: a change takes effect at its next start."
        })
final class ApplyCommand extends Subcommand {
    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE",
            description = "Job file; - is standard input. May be given several times.")
    private List<String> files = new ArrayList<>();

    @Option(names = "--wait", description = "Wait until all VMs of the jobs run.")
    private boolean wait;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = DurationConverter.class,
            description = "How long to wait. Default: ${DEFAULT-VALUE}.")
    private Duration timeout = Duration.ofMinutes(5);

    @Option(
            names = "--expect-version",
            paramLabel = "N",
            description = "Change the job only if its version is N (exit code 5 if not).")
    private long expectVersion;

    ApplyCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        JobFiles jobFiles = new JobFiles(
                root().namespaceOption(), connection.namespace(), terminal().in());
        List<ParsedJob> jobs = jobFiles.read(files);
        if (expectVersion != 0 && jobs.size() != 1) {
            throw CliException.usage("--expect-version: there are " + jobs.size() + " jobs", "apply them one by one");
        }
        if (expectVersion < 0) {
            throw CliException.usage("--expect-version: " + expectVersion + " is no version", "give 1 or more");
        }
        each(jobs, job -> apply(connection, job));
        if (wait) {
            awaitRunning(connection, jobs);
        }
    }

    private void apply(Connection connection, ParsedJob job) {
        job.notes().forEach(note -> terminal().note("note: " + note));
        ApplyJobResponse response = connection.api().apply(job.spec(), expectVersion);
        String done = switch (response.getOutcome()) {
            case OUTCOME_CREATED -> "created";
            case OUTCOME_UPDATED -> "updated";
            case OUTCOME_UNCHANGED -> "unchanged";
            case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> "applied";
        };
        terminal().line("job/" + job.spec().getName() + " " + done);
        response.getNotesList().forEach(note -> terminal().note("note: " + note));
    }

    private void awaitRunning(Connection connection, List<ParsedJob> jobs) {
        terminal().out().flush();
        long until = surroundings().clock().nanoTime() + timeout.toNanos();
        try (Interrupts.Registration registration =
                farewell("stopped watching; the job goes on: kelpie get vms" + connection.inNamespace())) {
            each(jobs, job -> {
                JobSpec spec = job.spec();
                connection.waiter().awaitJob(spec.getNamespace(), spec.getName(), Condition.RUNNING, until);
                terminal().note("job/" + spec.getName() + " is running");
            });
        }
    }
}
