package io.kelpie.controller.scheduling.queue;

import io.kelpie.controller.model.JobKey;
import java.util.Comparator;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A VM in the queue, and where in it. */
final class Entry {
    /** Who began to wait first comes first; of one instant, by job and ordinal. A function of the VMs alone. */
    static final Comparator<Entry> BY_AGE = Comparator.<Entry>comparingLong(entry -> entry.vm.sinceMillis())
            .thenComparing(Entry::job)
            .thenComparingInt(entry -> entry.vm.request().ordinal())
            .thenComparing(Entry::id);

    final WaitingVm vm;
    /** Where it waits for its turn or for a change; {@code null} while it waits for a time. */
    @Nullable Lane lane;
    /** While it waits for a time: that time, in milliseconds since 1970. */
    long untilMillis;
    /** While it waits for a time: why it was put off. */
    String heldFor = "";
    /** Whether it is a class of its own: then no other VM's verdict holds for it. */
    boolean alone;
    /** When its class changes by the passing of time. */
    long changesAtMillis = Long.MAX_VALUE;

    Entry(WaitingVm vm) {
        this.vm = vm;
    }

    UUID id() {
        return vm.request().vmId();
    }

    JobKey job() {
        return vm.request().job();
    }

    String namespace() {
        return job().namespace();
    }

    int priority() {
        return vm.request().priority();
    }
}
