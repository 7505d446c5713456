package io.kelpie.cli.command;

import io.kelpie.cli.CliException;
import io.kelpie.cli.ExitCode;
import io.kelpie.cli.Interrupts;
import io.kelpie.cli.Pauses;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.view.Printer;
import io.kelpie.cli.view.VmResource;
import io.kelpie.cli.wait.VmWatch;
import io.kelpie.proto.v1.ListVmsRequest;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.VmState;
import io.kelpie.proto.v1.WatchVmsRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Prints VMs as they are, then each as it changes. Ends only by Ctrl-C or an error. */
final class VmWatching {
    private static final Duration STEP = Duration.ofSeconds(60);

    private final Connection connection;
    private final Pauses pauses;
    private final ListOptions options;
    private final VmResource resource;
    private final ListVmsRequest filter;
    private final Set<String> names;
    private final Map<String, Boolean> jobHasLabels = new HashMap<>();
    private final Set<String> shown = new HashSet<>();

    /** @param names empty: all that the filter lets through */
    VmWatching(
            Connection connection,
            Pauses pauses,
            ListOptions options,
            VmResource resource,
            ListVmsRequest filter,
            List<String> names) {
        this.connection = connection;
        this.pauses = pauses;
        this.options = options;
        this.resource = resource;
        this.filter = filter;
        this.names = Set.copyOf(names);
    }

    void run(Function<String, Interrupts.Registration> farewell) {
        WatchVmsRequest request = WatchVmsRequest.newBuilder()
                .setNamespace(filter.getNamespace())
                .setJob(filter.getJob())
                .setName(names.size() == 1 ? names.iterator().next() : "")
                .build();
        ClusterApi api = connection.api();
        Printer<Vm> printer = new Printer<>(connection.terminal(), resource, options.format(), options.headers());
        String goesOn = "stopped watching; the VMs go on: kelpie get vms" + connection.inNamespace();
        try (VmWatch watch = new VmWatch(api, request, pauses, connection.terminal()::note);
                Interrupts.Registration registration = farewell.apply(goesOn)) {
            while (true) {
                Optional<VmWatch.Change> change = watch.next(STEP);
                if (change.isPresent()) {
                    print(printer, change.get());
                }
            }
        }
    }

    private void print(Printer<Vm> printer, VmWatch.Change change) {
        List<Vm> rows = new ArrayList<>();
        for (Vm vm : change.changed()) {
            if (isWanted(vm)) {
                shown.add(resource.key(vm));
                rows.add(vm);
            } else if (shown.remove(resource.key(vm))) {
                rows.add(vm); // it leaves the filter, e.g. its host: shown once more, as it is now
            }
        }
        for (Vm vm : change.gone()) {
            if (shown.remove(resource.key(vm))) {
                rows.add(vm.toBuilder()
                        .setRecord(vm.getRecord().toBuilder().setState(VmState.VM_STATE_DELETED))
                        .build());
            }
        }
        if (!rows.isEmpty()) {
            printer.more(options.sorted(resource, rows));
            connection.terminal().flush();
        }
    }

    private boolean isWanted(Vm vm) {
        return (names.isEmpty() || names.contains(vm.getName()))
                && (filter.getHostName().isEmpty() || filter.getHostName().equals(vm.getHostName()))
                && (filter.getLabelsCount() == 0 || jobHasLabels(vm));
    }

    private boolean jobHasLabels(Vm vm) {
        Boolean known = jobHasLabels.get(vm.getRecord().getJobUid());
        if (known == null) {
            known = askForLabels(vm);
            jobHasLabels.put(vm.getRecord().getJobUid(), known);
        }
        return known;
    }

    private boolean askForLabels(Vm vm) {
        try {
            return connection
                    .api()
                    .job(vm.getRecord().getNamespace(), vm.getRecord().getJob())
                    .getSpec()
                    .getLabelsMap()
                    .entrySet()
                    .containsAll(filter.getLabelsMap().entrySet());
        } catch (CliException e) {
            if (e.exitCode() == ExitCode.NOT_FOUND) {
                return false;
            }
            throw e;
        }
    }
}
