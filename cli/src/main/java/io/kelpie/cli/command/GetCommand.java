package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.view.EventResource;
import io.kelpie.cli.view.HostResource;
import io.kelpie.cli.view.JobResource;
import io.kelpie.cli.view.OrphanResource;
import io.kelpie.cli.view.Printer;
import io.kelpie.cli.view.Resource;
import io.kelpie.cli.view.VmResource;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.ListVmsRequest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "get", description = "Lists jobs, VMs, hosts, events or orphans.")
final class GetCommand extends Subcommand {
    @Parameters(
            hideParamSyntax = true,
            arity = "1..*",
            paramLabel = "KIND [NAME…]",
            description = "jobs, vms, hosts, events or orphans; then names.")
    private List<String> words = new ArrayList<>();

    @Option(names = "--job", paramLabel = "NAME", description = "Only VMs of this job.")
    private String job = "";

    @Option(names = "--host", paramLabel = "NAME", description = "Only VMs on this host.")
    private String host = "";

    @Option(
            names = "--for",
            paramLabel = "KIND/NAME",
            description = "Only events about this object: vm/web-0, job/web, host/h1 or cluster.")
    private String about = "";

    @Mixin
    private ListOptions options = new ListOptions();

    GetCommand(KelpieCommand root) {
        super(root);
    }

    @Override
    void run(Connection connection) {
        Kind kind = kind();
        List<String> names = names(kind);
        checkFilters(kind, !names.isEmpty());
        ClusterApi api = connection.api();
        TimeSource clock = surroundings().clock();
        String namespace = connection.namespace();
        String listed = options.allNamespaces() ? "" : namespace;
        switch (kind) {
            case JOB ->
                show(
                        kind,
                        names,
                        new JobResource(clock, options.allNamespaces()),
                        () -> api.jobs(listed, options.labels()),
                        name -> api.job(namespace, name));
            case VM -> {
                VmResource resource = new VmResource(clock, options.allNamespaces());
                ListVmsRequest filter = ListVmsRequest.newBuilder()
                        .setNamespace(listed)
                        .setJob(job)
                        .setHostName(host)
                        .putAllLabels(options.labels())
                        .build();
                if (options.watch()) {
                    new VmWatching(connection, surroundings().pauses(), options, resource, filter, names)
                            .run(this::farewell);
                } else {
                    show(
                            kind,
                            names,
                            resource,
                            () -> api.vms(filter),
                            name -> api.vm(namespace, name).getVm());
                }
            }
            case HOST ->
                show(
                        kind,
                        names,
                        new HostResource(clock),
                        () -> api.hosts(options.labels()),
                        name -> api.host(name).getHost());
            case ORPHAN ->
                show(kind, names, new OrphanResource(), api::orphans, name -> {
                    throw CliException.usage("orphans have no names", "write: kelpie get orphans");
                });
            case EVENT -> {
                EventSource events = new EventSource(api, EventSource.subject(about, namespace));
                show(kind, names, new EventResource(clock), events::next, name -> {
                    throw CliException.usage("events have no names", "write: kelpie get events --for KIND/NAME");
                });
            }
        }
    }

    private Kind kind() {
        String first = words.get(0);
        int slash = first.indexOf('/');
        return Kind.parse(slash < 0 ? first : first.substring(0, slash), EnumSet.allOf(Kind.class));
    }

    private List<String> names(Kind kind) {
        if (words.size() == 1 && words.get(0).indexOf('/') < 0) {
            return List.of();
        }
        List<Named> named = Named.parse(words, EnumSet.allOf(Kind.class));
        if (named.stream().anyMatch(object -> object.kind() != kind)) {
            throw CliException.usage(
                    "objects of several kinds are named", "ask for the " + kind.plural() + " by themselves");
        }
        return named.stream().map(Named::name).toList();
    }

    /** A filter that would be ignored is refused: the list would be longer than what was asked for. */
    private void checkFilters(Kind kind, boolean named) {
        boolean ofVms = !job.isEmpty() || !host.isEmpty();
        if (ofVms && kind != Kind.VM) {
            throw CliException.usage("--job and --host choose VMs, not " + kind.plural(), "leave them out");
        }
        if (!about.isEmpty() && kind != Kind.EVENT) {
            throw CliException.usage("--for chooses events, not " + kind.plural(), "leave it out");
        }
        boolean labelled = !options.labels().isEmpty();
        if (labelled && (kind == Kind.EVENT || kind == Kind.ORPHAN)) {
            throw CliException.usage("--selector: " + kind.plural() + " have no labels", "leave it out");
        }
        if (named && (ofVms || labelled || options.allNamespaces())) {
            throw CliException.usage(
                    "names do not go together with --selector, --job, --host and --all-namespaces",
                    "give either names or filters");
        }
    }

    private <R> void show(
            Kind kind, List<String> names, Resource<R> resource, Supplier<List<R>> all, Function<String, R> one) {
        Printer<R> printer = new Printer<>(terminal(), resource, options.format(), options.headers());
        if (options.watch()) {
            Supplier<List<R>> fetch =
                    names.isEmpty() ? all : () -> names.stream().map(one).toList();
            try (Interrupts.Registration registration =
                    farewell("stopped watching the " + kind.plural().toLowerCase(Locale.ROOT))) {
                new Watching<>(terminal(), resource, printer, surroundings().pauses())
                        .run(() -> options.sorted(resource, fetch.get()));
            }
            return;
        }
        if (names.isEmpty()) {
            List<R> objects = all.get();
            printer.list(options.sorted(resource, objects));
            if (objects.isEmpty()) {
                terminal().note("no " + kind.plural() + " found");
            }
            return;
        }
        List<R> found = new ArrayList<>();
        try {
            each(names, name -> found.add(one.apply(name)));
        } finally {
            if (names.size() == 1) {
                found.forEach(printer::one);
            } else if (!found.isEmpty()) {
                printer.list(options.sorted(resource, found));
            }
        }
    }
}
