package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Table;
import io.kelpie.cli.output.YamlText;
import io.kelpie.cli.spec.JobDocument;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Event;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.Vm;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** All about a job. */
public final class JobDescription {
    private JobDescription() {}

    public static List<String> of(Job job, List<Vm> vms, List<Event> events, TimeSource clock) {
        Map<String, Object> document = JobDocument.of(job.getSpec());
        Sections text = new Sections()
                .pair("name", job.getSpec().getName())
                .pair("namespace", job.getSpec().getNamespace())
                .pair("labels", Phrases.labels(job.getSpec().getLabelsMap()))
                .pair("uid", job.getJobUid())
                .pair("version", job.getVersion())
                .pair(
                        "created",
                        Ages.timestamp(job.getCreatedAtMillis()) + " ("
                                + Ages.between(job.getCreatedAtMillis(), clock.wallMillis()) + " ago)")
                .pair("replicas", job.getSpec().getReplicas() + " wanted" + counts(job));
        if (job.getDeleting()) {
            text.pair("deleting", "yes");
        }
        if (job.getOutdated() > 0) {
            text.pair(
                    "outdated",
                    job.getOutdated() + " of its VMs run an earlier version; roll them with: kelpie restart job/"
                            + job.getSpec().getName());
        }
        text.section("spec", spec -> spec.foreign(YamlText.of(document.getOrDefault("spec", Map.of()))));
        text.section("vms", section -> section.text(vms.isEmpty() ? List.of() : table(vms, clock)));
        text.section("events", section -> section.text(EventLines.of(events, clock.wallMillis())));
        return text.lines();
    }

    private static String counts(Job job) {
        return job.getVmCountsList().stream()
                .filter(count -> count.getCount() > 0)
                .map(count -> ", " + count.getCount() + " " + count.getState())
                .collect(Collectors.joining());
    }

    static List<String> table(List<Vm> vms, TimeSource clock) {
        return new Table<>(new VmResource(clock, false).columns(), false, true, false).lines(vms);
    }
}
