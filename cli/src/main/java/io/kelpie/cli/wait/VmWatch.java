package io.kelpie.cli.wait;

import io.grpc.StatusRuntimeException;
import io.kelpie.cli.Pauses;
import io.kelpie.cli.connect.ClusterApi;
import io.kelpie.cli.connect.Incoming;
import io.kelpie.proto.v1.Vm;
import io.kelpie.proto.v1.WatchVmsRequest;
import io.kelpie.proto.v1.WatchVmsResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * VMs as they are, kept up to date over any number of lost connections and changes of the leader: after each loss all
 * VMs are asked for again, and only what is different since is told. Not thread-safe.
 */
public final class VmWatch implements AutoCloseable {
    private static final Duration BEFORE_RESYNC = Duration.ofMillis(200);

    private final ClusterApi api;
    private final WatchVmsRequest request;
    private final Pauses pauses;
    private final Consumer<String> notes;
    private final Patience patience;
    private final Map<String, Vm> known = new LinkedHashMap<>();
    /** What a resync has told so far; null when in step. */
    private @Nullable Map<String, Vm> snapshot = new LinkedHashMap<>();

    private @Nullable Incoming<WatchVmsResponse> incoming;

    /** @param notes takes a line for the operator when the connection was lost */
    public VmWatch(ClusterApi api, WatchVmsRequest request, Pauses pauses, Consumer<String> notes) {
        this.api = api;
        this.request = request.toBuilder().setFromVersion(0).build();
        this.pauses = pauses;
        this.notes = notes;
        this.patience = new Patience(pauses, notes);
    }

    /**
     * What has changed. The first answer has all VMs.
     *
     * @param changed new or changed VMs, as they are now
     * @param gone VMs that do not exist any more, as they were last
     */
    public record Change(List<Vm> changed, List<Vm> gone) {}

    /** All VMs as they are. */
    public Collection<Vm> vms() {
        return Collections.unmodifiableCollection(known.values());
    }

    /** The next change; empty if none comes within that time. */
    public Optional<Change> next(Duration timeout) {
        Incoming<WatchVmsResponse> from = incoming;
        if (from == null) {
            Optional<Incoming<WatchVmsResponse>> opened = patience.ask(() -> api.watchVms(request));
            if (opened.isEmpty()) {
                return Optional.empty();
            }
            from = opened.get();
            incoming = from;
            snapshot = new LinkedHashMap<>();
        }
        Optional<WatchVmsResponse> step;
        try {
            step = from.next(timeout);
        } catch (StatusRuntimeException e) {
            lost();
            return Optional.empty();
        }
        if (step.isEmpty()) {
            if (from.ended()) {
                lost();
            }
            return Optional.empty();
        }
        Change change = snapshot == null ? apply(step.get()) : collect(snapshot, step.get());
        return change.changed().isEmpty() && change.gone().isEmpty() && snapshot != null
                ? Optional.empty()
                : Optional.of(change);
    }

    @Override
    public void close() {
        if (incoming != null) {
            incoming.close();
        }
    }

    /** The next question asks for all again. */
    private void lost() {
        close();
        incoming = null;
        notes.accept("the controller has ended the watch; asking again");
        pauses.pause(BEFORE_RESYNC);
    }

    private Change collect(Map<String, Vm> soFar, WatchVmsResponse step) {
        step.getChangedList().forEach(vm -> soFar.put(key(vm), vm));
        step.getGoneList().forEach(soFar::remove);
        if (!step.getSynced()) {
            return new Change(List.of(), List.of());
        }
        List<Vm> changed = new ArrayList<>();
        soFar.forEach((key, vm) -> {
            if (!vm.equals(known.get(key))) {
                changed.add(vm);
            }
        });
        List<Vm> gone = new ArrayList<>();
        known.forEach((key, vm) -> {
            if (!soFar.containsKey(key)) {
                gone.add(vm);
            }
        });
        known.clear();
        known.putAll(soFar);
        snapshot = null;
        return new Change(changed, gone);
    }

    private Change apply(WatchVmsResponse step) {
        step.getChangedList().forEach(vm -> known.put(key(vm), vm));
        List<Vm> gone = new ArrayList<>();
        for (String key : step.getGoneList()) {
            Vm vm = known.remove(key);
            if (vm != null) {
                gone.add(vm);
            }
        }
        return new Change(step.getChangedList(), gone);
    }

    private static String key(Vm vm) {
        return vm.getRecord().getNamespace() + "/" + vm.getName();
    }
}
