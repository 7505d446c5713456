package io.kelpie.cli.spec;

import io.kelpie.common.units.Durations;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlException;
import io.kelpie.common.yaml.YamlMap;
import io.kelpie.proto.v1.JobSpec;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.RestartPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads job files. What it returns is complete: every default is written out in the spec, but that of {@code
 * onHostFailure}, which depends on pools that only hosts know, and those of {@code priority}, {@code maxUnavailable}
 * and of what {@link HardwareParser} reads, where a key that is not there is a wish that was not made. What it refuses,
 * it refuses with file, line, column, the field's path, the problem and a fix. The controller checks again by itself,
 * and checks what only hosts know.
 *
 * <p>Throws {@link YamlException} on bad input. Not thread-safe.
 */
public final class JobSpecParser {
    /** The only version of the format. */
    public static final String API_VERSION = "kelpie/v1";

    /** The only kind of document. */
    public static final String KIND = "Job";

    private static final int DEFAULT_REPLICAS = 1;
    private static final int DEFAULT_ATTEMPTS = 5;
    private static final String DEFAULT_WINDOW = "10m";
    private static final int MAX_WINDOW_SECONDS = 7 * 24 * 3600;
    private static final String ON_HOST_FAILURE = "onHostFailure";
    private static final String PRIORITY = "priority";
    private static final String MAX_UNAVAILABLE = "maxUnavailable";
    private static final Set<String> PLANNED = Set.of("onDrain");

    private final @Nullable String namespaceOption;
    private final String defaultNamespace;
    private final ReferredFiles files;

    /**
     * @param namespaceOption the namespace that the command line names; null if none. A file may not name another.
     * @param defaultNamespace the namespace of a job that names none
     */
    public JobSpecParser(@Nullable String namespaceOption, String defaultNamespace, ReferredFiles files) {
        this.namespaceOption = namespaceOption;
        this.defaultNamespace = defaultNamespace;
        this.files = files;
    }

    /** All jobs of a text, in its order. {@code source} is its name in messages. */
    public List<ParsedJob> parse(String source, String text) {
        if (text.length() > SpecLimits.MAX_FILE_BYTES) {
            throw new YamlException(
                    source + ": the file is larger than " + SpecLimits.MAX_FILE_BYTES / 1024 / 1024 + " MiB",
                    "shorten or divide it");
        }
        return YamlMap.parseAll(source, text).stream().map(this::job).toList();
    }

    private ParsedJob job(YamlMap document) {
        constant(document, "apiVersion", API_VERSION);
        constant(document, "kind", KIND);
        List<String> notes = new ArrayList<>();
        JobSpec.Builder job = JobSpec.newBuilder();
        metadata(document.requiredMap("metadata"), job);
        spec(document.requiredMap("spec"), job, notes);
        document.has("status"); // `get -o yaml` writes it: how things are, not how they shall be
        document.rejectUnknown();
        JobSpec spec = job.build();
        int bytes = Math.max(document.length(), spec.getSerializedSize());
        if (bytes > SpecLimits.MAX_SPEC_BYTES) {
            throw document.invalid(
                    "spec",
                    "the job has " + bytes / 1024 + " KiB",
                    "shorten it to " + SpecLimits.MAX_SPEC_BYTES / 1024 + " KiB");
        }
        return new ParsedJob(spec, notes);
    }

    private static void constant(YamlMap map, String key, String only) {
        String value = map.requiredString(key);
        if (!value.equals(only)) {
            throw map.invalid(key, QuotedText.of(value) + " is not known", "give " + only);
        }
    }

    private void metadata(YamlMap metadata, JobSpec.Builder job) {
        job.setName(Checks.name(metadata, "name", metadata.requiredString("name")));
        String namespace = metadata.optionalString("namespace");
        if (namespace != null) {
            Checks.name(metadata, "namespace", namespace);
            if (namespaceOption != null && !namespace.equals(namespaceOption)) {
                throw metadata.invalid(
                        "namespace",
                        "the file says " + namespace + ", the command line " + QuotedText.of(namespaceOption),
                        "leave one of them out");
            }
        }
        job.setNamespace(namespace == null ? defaultNamespace : namespace);
        job.putAllLabels(labels(metadata));
        metadata.rejectUnknown();
    }

    private static Map<String, String> labels(YamlMap metadata) {
        YamlMap labels = metadata.optionalMap("labels");
        if (labels == null) {
            return Map.of();
        }
        Checks.count(metadata, "labels", labels.keys().size(), SpecLimits.MAX_LABELS);
        return Checks.labels(labels);
    }

    private void spec(YamlMap spec, JobSpec.Builder job, List<String> notes) {
        job.setReplicas((int) spec.integer("replicas", DEFAULT_REPLICAS, 1, SpecLimits.MAX_REPLICAS));
        if (spec.has(PRIORITY)) {
            job.setPriority((int) spec.integer(PRIORITY, 0, 0, SpecLimits.MAX_PRIORITY));
        }
        if (spec.has(MAX_UNAVAILABLE)) {
            job.setMaxUnavailable((int) spec.integer(MAX_UNAVAILABLE, 1, 1, SpecLimits.MAX_REPLICAS));
        }
        job.setRestart(restart(spec.optionalMap("restart")));
        if (spec.has(ON_HOST_FAILURE)) {
            job.setOnHostFailure(Checks.word(spec, ON_HOST_FAILURE, Words.ON_HOST_FAILURE));
        }
        YamlMap placement = spec.optionalMap("placement");
        job.setPlacement(placement == null ? Placement.getDefaultInstance() : PlacementParser.parse(placement));
        job.setVm(new VmTemplateParser(files, notes).parse(spec.requiredMap("vm")));
        spec.rejectUnknown(PLANNED);
    }

    private static RestartPolicy restart(@Nullable YamlMap restart) {
        if (restart == null) {
            return RestartPolicy.newBuilder()
                    .setPolicy(RestartPolicy.Policy.POLICY_ON_FAILURE)
                    .setAttempts(DEFAULT_ATTEMPTS)
                    .setWindowSeconds(
                            (int) Durations.parseSeconds(DEFAULT_WINDOW).orElseThrow())
                    .build();
        }
        RestartPolicy policy = RestartPolicy.newBuilder()
                .setPolicy(Checks.word(restart, "policy", Words.RESTART))
                .setAttempts((int) restart.integer("attempts", DEFAULT_ATTEMPTS, 1, SpecLimits.MAX_ATTEMPTS))
                .setWindowSeconds(window(restart))
                .build();
        restart.rejectUnknown();
        return policy;
    }

    private static int window(YamlMap restart) {
        String text = restart.string("window", DEFAULT_WINDOW);
        long seconds = Durations.parseSeconds(text)
                .orElseThrow(() -> restart.invalid(
                        "window", QuotedText.of(text) + " is not a duration", "give " + Durations.RULE));
        if (seconds < 1 || seconds > MAX_WINDOW_SECONDS) {
            throw restart.invalid("window", QuotedText.of(text) + " is out of range", "give 1s to 168h");
        }
        return (int) seconds;
    }
}
