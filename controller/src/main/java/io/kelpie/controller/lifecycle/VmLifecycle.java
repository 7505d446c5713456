package io.kelpie.controller.lifecycle;

import static io.kelpie.controller.lifecycle.VmEffect.ACQUIRE;
import static io.kelpie.controller.lifecycle.VmEffect.DEQUEUE;
import static io.kelpie.controller.lifecycle.VmEffect.ENQUEUE;
import static io.kelpie.controller.lifecycle.VmEffect.MARK_HOST_FAULTY;
import static io.kelpie.controller.lifecycle.VmEffect.NEXT_INCARNATION;
import static io.kelpie.controller.lifecycle.VmEffect.RELEASE;
import static io.kelpie.controller.lifecycle.VmEffect.RESEND;
import static io.kelpie.controller.lifecycle.VmEffect.SEND_KILL;
import static io.kelpie.controller.lifecycle.VmEffect.SEND_MIGRATE;
import static io.kelpie.controller.lifecycle.VmEffect.SEND_START;
import static io.kelpie.controller.lifecycle.VmEffect.SEND_STOP;
import static io.kelpie.controller.lifecycle.VmEvent.*;
import static io.kelpie.controller.model.VmState.*;

import io.kelpie.controller.model.VmState;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The lifecycle of a VM: one table of state and event. Pure; safe for use by any thread.
 *
 * <p>Events are of the VM's present incarnation: whoever feeds the table drops those of another one before. Deadlines
 * are judged from the present state and its age, so they are never late. What the table does not list is illegal: a
 * report that is illegal is a defect, a request that is illegal does not apply to the VM as it is.
 *
 * <p>A VM that migrates has two sides. The table speaks of the side that owns the VM: exits and a fence of the source
 * before the switchover; those of the target are {@code MIGRATION_FAILED}. A side's reservation is released when that
 * side's instance is gone, so a switchover releases nothing by itself.
 */
public final class VmLifecycle {
    private static final Transition IGNORED = new Transition.Ignored();
    private static final Transition ILLEGAL = new Transition.Illegal();
    private static final Map<VmState, Map<VmEvent, Transition>> TABLE = table();

    private VmLifecycle() {}

    /** What {@code ACCEPTED} does to a VM that does not exist yet. */
    public static Transition.Taken initial() {
        return new Transition.Taken(PENDING, List.of(NEXT_INCARNATION, ENQUEUE));
    }

    /** What the event does to a VM in the state. */
    public static Transition next(VmState from, VmEvent event) {
        return TABLE.getOrDefault(from, Map.of()).getOrDefault(event, ILLEGAL);
    }

    private static Map<VmState, Map<VmEvent, Transition>> table() {
        Map<VmState, Map<VmEvent, Transition>> table = new EnumMap<>(VmState.class);

        table.put(
                PENDING,
                new Row()
                        .on(PLACEMENT_COMMITTED, PLACED, ACQUIRE, DEQUEUE, SEND_START)
                        .on(STOP_REQUESTED, STOPPED, DEQUEUE)
                        .on(ATTEMPTS_EXHAUSTED, FAILED, DEQUEUE)
                        .on(DELETE_REQUESTED, DELETED, DEQUEUE)
                        .ignore(START_REQUESTED, EVICT_REQUESTED)
                        .cells());
        table.put(
                PLACED,
                onHost().on(START_ACCEPTED, STARTING)
                        .on(GUEST_RUNNING, RUNNING)
                        .on(START_REJECTED, PENDING, RELEASE, NEXT_INCARNATION, ENQUEUE)
                        .deadlines(PLACED)
                        .cells());
        table.put(
                STARTING,
                onHost().on(GUEST_RUNNING, RUNNING)
                        .on(START_REJECTED, PENDING, RELEASE, NEXT_INCARNATION, ENQUEUE)
                        .deadlines(STARTING)
                        .ignore(START_ACCEPTED, MIGRATION_FAILED)
                        .cells());
        table.put(
                RUNNING,
                onHost().on(MIGRATION_COMMITTED, MIGRATING, ACQUIRE, NEXT_INCARNATION, SEND_MIGRATE)
                        .ignore(START_ACCEPTED, GUEST_RUNNING, MIGRATION_FAILED)
                        .cells());
        table.put(
                MIGRATING,
                onHost().on(SWITCHOVER_COMMITTED, STARTING)
                        .on(MIGRATION_FAILED, RUNNING)
                        .deadlines(MIGRATING)
                        .ignore(START_ACCEPTED, GUEST_RUNNING)
                        .cells());
        table.put(
                STOPPING,
                leaving()
                        .gone(STOPPED, RELEASE)
                        .on(DELETE_REQUESTED, DELETING)
                        .on(START_REQUESTED, EVICTING)
                        .deadlines(STOPPING)
                        .ignore(STOP_REQUESTED)
                        .cells());
        table.put(
                EVICTING,
                leaving()
                        .gone(PENDING, RELEASE, NEXT_INCARNATION, ENQUEUE)
                        .on(STOP_REQUESTED, STOPPING)
                        .on(DELETE_REQUESTED, DELETING)
                        .deadlines(EVICTING)
                        .ignore(EVICT_REQUESTED, START_REQUESTED)
                        .cells());
        table.put(
                DELETING,
                leaving()
                        .gone(DELETED, RELEASE)
                        .deadlines(DELETING)
                        .ignore(DELETE_REQUESTED, STOP_REQUESTED)
                        .cells());
        table.put(STOPPED, atRest().ignore(STOP_REQUESTED).cells());
        table.put(FAILED, atRest().ignore(STOP_REQUESTED).cells());
        table.put(DELETED, lateReports().ignore(DELETE_REQUESTED).cells());
        return Collections.unmodifiableMap(table);
    }

    /** A place is held and the VM is wanted: PLACED, STARTING, RUNNING, MIGRATING. */
    private static Row onHost() {
        return new Row()
                .on(EXITED_RESTART, PENDING, RELEASE, NEXT_INCARNATION, ENQUEUE)
                .on(HOST_FENCED, PENDING, RELEASE, NEXT_INCARNATION, ENQUEUE)
                .on(EXITED_FINAL_CLEAN, STOPPED, RELEASE)
                .on(EXITED_FINAL_FAILED, FAILED, RELEASE)
                .on(STOP_REQUESTED, STOPPING, SEND_STOP)
                .on(EVICT_REQUESTED, EVICTING, SEND_STOP)
                .on(DELETE_REQUESTED, DELETING, SEND_STOP)
                .ignore(START_REQUESTED);
    }

    /** The instance is on its way out; it may have reported its start before it heard of the stop. */
    private static Row leaving() {
        return new Row().ignore(START_ACCEPTED, GUEST_RUNNING, MIGRATION_FAILED);
    }

    /** No instance; the last one may report its end again. */
    private static Row atRest() {
        return lateReports()
                .on(START_REQUESTED, PENDING, NEXT_INCARNATION, ENQUEUE)
                .on(DELETE_REQUESTED, DELETED);
    }

    private static Row lateReports() {
        return new Row()
                .ignore(START_ACCEPTED, GUEST_RUNNING, START_REJECTED, MIGRATION_FAILED, HOST_FENCED)
                .ignore(EXITED_RESTART, EXITED_FINAL_CLEAN, EXITED_FINAL_FAILED);
    }

    /** The cells of one state. A cell is declared once. */
    private static final class Row {
        private final Map<VmEvent, Transition> cells = new EnumMap<>(VmEvent.class);

        Row on(VmEvent event, VmState to, VmEffect... effects) {
            return put(event, new Transition.Taken(to, Arrays.asList(effects)));
        }

        /** Whatever says that no instance is left. */
        Row gone(VmState to, VmEffect... effects) {
            return on(START_REJECTED, to, effects)
                    .on(EXITED_RESTART, to, effects)
                    .on(EXITED_FINAL_CLEAN, to, effects)
                    .on(EXITED_FINAL_FAILED, to, effects)
                    .on(HOST_FENCED, to, effects);
        }

        Row deadlines(VmState same) {
            return on(DEADLINE_1, same, RESEND).on(DEADLINE_2, same, SEND_KILL).on(DEADLINE_3, same, MARK_HOST_FAULTY);
        }

        Row ignore(VmEvent... events) {
            for (VmEvent event : events) {
                put(event, IGNORED);
            }
            return this;
        }

        Map<VmEvent, Transition> cells() {
            return Collections.unmodifiableMap(cells);
        }

        private Row put(VmEvent event, Transition transition) {
            if (cells.put(event, transition) != null) {
                throw new IllegalStateException("two cells for " + event);
            }
            return this;
        }
    }
}
