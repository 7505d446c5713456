package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.output.ProtoTree;
import io.kelpie.cli.spec.JobFiles;
import io.kelpie.cli.spec.ParsedJob;
import io.kelpie.cli.view.PlanView;
import io.kelpie.proto.v1.PlanJobResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "plan",
        description = {
            "Shows what applying job files would place, and where, on the cluster as it is now. Changes nothing.",
            "Each job is planned for itself. Exit code 6: a VM would find no place."
        })
final class PlanCommand extends Subcommand {
    @Option(
            names = {"-f", "--file"},
            required = true,
            paramLabel = "FILE",
            description = "Job file; - is standard input. May be given several times.")
    private List<String> files = new ArrayList<>();

    @Mixin
    private AnswerOptions answer = new AnswerOptions();

    PlanCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        JobFiles jobFiles = new JobFiles(
                root().namespaceOption(), connection.namespace(), terminal().in());
        List<ParsedJob> jobs = jobFiles.read(files);
        each(jobs, job -> plan(connection, job));
    }

    private void plan(Connection connection, ParsedJob job) {
        job.notes().forEach(note -> terminal().note("note: " + note));
        PlanJobResponse plan = connection.api().plan(job.spec());
        String name = job.spec().getName();
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("namespace", job.spec().getNamespace());
        tree.put("name", name);
        tree.putAll(ProtoTree.of(plan));
        answer.print(tree, () -> PlanView.lines(name, plan), terminal());
        long without = PlanView.withoutPlace(plan);
        if (without > 0) {
            throw new CliException(
                    ExitCode.CANNOT_BE_PLACED,
                    "job '" + name + "': " + without + " of " + plan.getPlacedCount() + " VMs would find no place",
                    PlanView.firstFix(plan));
        }
    }
}
