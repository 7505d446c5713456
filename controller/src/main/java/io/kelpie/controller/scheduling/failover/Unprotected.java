package io.kelpie.controller.scheduling.failover;

import io.kelpie.controller.scheduling.engine.IntList;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** VMs that wait for a backup: those that were not tried yet, and those that none was found for. Belongs to one thread. */
final class Unprotected {
    private static final byte NOT_HERE = 0;
    private static final byte FRESH = 1;
    private static final byte FAILED = 2;

    private byte[] states = new byte[0]; // by instance
    private final IntList fresh = new IntList(); // may contain some that are not here any more
    private final IntList failed = new IntList(); // likewise
    private int cursor;
    private int retriesLeft;

    /** To be tried. */
    void addFresh(int instance) {
        ensure(instance);
        if (states[instance] != FRESH) {
            states[instance] = FRESH;
            fresh.add(instance);
        }
    }

    /** Was tried in vain. */
    void addFailed(int instance) {
        ensure(instance);
        states[instance] = FAILED;
        failed.add(instance);
    }

    /** Has gone. */
    void remove(int instance) {
        if (instance < states.length) {
            states[instance] = NOT_HERE;
        }
    }

    boolean hasFresh() {
        return !fresh.isEmpty();
    }

    /** Takes out those that were not tried yet. */
    IntList takeFresh() {
        IntList due = new IntList();
        for (int i = 0; i < fresh.size(); i++) {
            int instance = fresh.get(i);
            if (states[instance] == FRESH) {
                states[instance] = NOT_HERE;
                due.add(instance);
            }
        }
        fresh.clear();
        return due;
    }

    /** All are to be tried again. */
    void refreshAll() {
        for (int i = 0; i < failed.size(); i++) {
            if (states[failed.get(i)] == FAILED) {
                addFresh(failed.get(i));
            }
        }
        failed.clear();
        retriesLeft = 0;
    }

    /** Something has changed for the better: each may be tried once again. */
    void help() {
        retriesLeft = failed.size();
    }

    /** Tries again for at most so many that may be; in turn. */
    void retry(int most, IntPredicate protect) {
        for (int i = 0; i < most && retriesLeft > 0 && !failed.isEmpty(); i++) {
            cursor = cursor < failed.size() ? cursor : 0;
            int instance = failed.get(cursor);
            retriesLeft--;
            if (states[instance] == FAILED && !protect.test(instance)) {
                cursor++;
            } else {
                states[instance] = states[instance] == FAILED ? NOT_HERE : states[instance];
                failed.removeAt(cursor);
            }
        }
    }

    private void ensure(int instance) {
        if (instance >= states.length) {
            states = Arrays.copyOf(states, Math.max(16, instance * 2));
        }
    }
}
