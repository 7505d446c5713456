package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Tone;
import io.kelpie.cli.spec.JobDocument;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Job;
import io.kelpie.proto.v1.StateCount;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** How jobs are listed. */
public final class JobResource implements Resource<Job> {
    private static final Set<String> COLUMN_STATES = Set.of("RUNNING", "PENDING", "FAILED");

    private final TimeSource clock;
    private final boolean withNamespace;

    public JobResource(TimeSource clock, boolean withNamespace) {
        this.clock = clock;
        this.withNamespace = withNamespace;
    }

    @Override
    public List<Column<Job>> columns() {
        List<Column<Job>> columns = new ArrayList<>();
        if (withNamespace) {
            columns.add(Column.of("NAMESPACE", job -> job.getSpec().getNamespace()));
        }
        columns.add(Column.of("NAME", job -> job.getSpec().getName()));
        columns.add(Column.number("DESIRED", job -> (long) job.getSpec().getReplicas()));
        columns.add(Column.<Job>number("RUNNING", job -> count(job, "RUNNING"))
                .toned(job -> count(job, "RUNNING") >= job.getSpec().getReplicas() ? Tone.GOOD : Tone.PLAIN));
        columns.add(Column.<Job>number("PENDING", job -> count(job, "PENDING"))
                .toned(job -> count(job, "PENDING") > 0 ? Tone.WAITING : Tone.PLAIN));
        columns.add(Column.<Job>number("FAILED", job -> count(job, "FAILED"))
                .toned(job -> count(job, "FAILED") > 0 ? Tone.BAD : Tone.PLAIN));
        columns.add(Column.number("VERSION", Job::getVersion));
        columns.add(Column.<Job>of("AGE", job -> Ages.between(job.getCreatedAtMillis(), clock.wallMillis()))
                .orderedBy(job -> -job.getCreatedAtMillis()));
        columns.add(Column.of("NOTE", JobResource::note));
        columns.add(Column.<Job>of(
                        "VCPUS", job -> Integer.toString(job.getSpec().getVm().getVcpus()))
                .orderedBy(job -> job.getSpec().getVm().getVcpus())
                .wide());
        columns.add(Column.<Job>of(
                        "MEMORY", job -> Phrases.memory(job.getSpec().getVm().getMemoryMib()))
                .orderedBy(job -> job.getSpec().getVm().getMemoryMib())
                .wide());
        columns.add(Column.<Job>of("LABELS", job -> Phrases.labels(job.getSpec().getLabelsMap()))
                .wide());
        return columns;
    }

    @Override
    public String name(Job job) {
        return "job/" + job.getSpec().getName();
    }

    @Override
    public String key(Job job) {
        return job.getSpec().getNamespace() + "/" + job.getSpec().getName();
    }

    @Override
    public Map<String, Object> tree(Job job) {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("jobUid", job.getJobUid());
        status.put("version", job.getVersion());
        status.put("createdAt", Ages.timestamp(job.getCreatedAtMillis()));
        status.put("deleting", job.getDeleting());
        status.put("outdated", Integer.toUnsignedLong(job.getOutdated()));
        Map<String, Object> vms = new LinkedHashMap<>();
        job.getVmCountsList().forEach(count -> vms.put(count.getState(), Integer.toUnsignedLong(count.getCount())));
        status.put("vms", vms);
        Map<String, Object> document = new LinkedHashMap<>(JobDocument.of(job.getSpec()));
        document.put("status", status);
        return document;
    }

    private static long count(Job job, String state) {
        return job.getVmCountsList().stream()
                .filter(c -> c.getState().equals(state))
                .mapToLong(StateCount::getCount)
                .sum();
    }

    private static String note(Job job) {
        List<String> notes = new ArrayList<>();
        if (job.getDeleting()) {
            notes.add("DELETING");
        }
        if (job.getOutdated() > 0) {
            notes.add(job.getOutdated() + " OUTDATED");
        }
        for (StateCount count : job.getVmCountsList()) {
            if (count.getCount() > 0 && !COLUMN_STATES.contains(count.getState())) {
                notes.add(count.getCount() + " " + count.getState().toLowerCase(Locale.ROOT));
            }
        }
        return String.join(", ", notes);
    }
}
