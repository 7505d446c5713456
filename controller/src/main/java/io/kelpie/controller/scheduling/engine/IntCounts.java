package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;

/** Counts by a number of 0 or more, most of them zero: open addressing without boxes. */
public final class IntCounts {
    private static final int EMPTY = -1;

    private static final int SLOTS_MIN = 4;

    private int[] slots = new int[2 * SLOTS_MIN]; // a key and its count, side by side; a power of two
    private int used;

    IntCounts() {
        Arrays.fill(slots, EMPTY);
    }

    public int get(int key) {
        int mask = slots() - 1;
        for (int at = home(key, mask); slots[2 * at] != EMPTY; at = (at + 1) & mask) {
            if (slots[2 * at] == key) {
                return slots[2 * at + 1];
            }
        }
        return 0;
    }

    /** Keys with a count. */
    public int size() {
        return used;
    }

    /** How many places {@link #keyAt} has. */
    public int slots() {
        return slots.length >> 1;
    }

    /** A key with a count, or -1; in no meaningful order. */
    public int keyAt(int slot) {
        return slots[2 * slot];
    }

    /** Adds to a count; at zero the key is gone. */
    void add(int key, int amount) {
        int mask = slots() - 1;
        int at = home(key, mask);
        while (slots[2 * at] != EMPTY && slots[2 * at] != key) {
            at = (at + 1) & mask;
        }
        if (slots[2 * at] == EMPTY) {
            slots[2 * at] = key;
            slots[2 * at + 1] = amount;
            if (++used * 4 > slots() * 3) {
                rehash();
            }
            return;
        }
        slots[2 * at + 1] += amount;
        if (slots[2 * at + 1] == 0) {
            delete(at);
        }
    }

    void clear() {
        Arrays.fill(slots, EMPTY);
        used = 0;
    }

    /** Moves later entries of the run into the gap, so that no probe ends too early. */
    private void delete(int gap) {
        int mask = slots() - 1;
        used--;
        int hole = gap;
        for (int at = (gap + 1) & mask; slots[2 * at] != EMPTY; at = (at + 1) & mask) {
            int home = home(slots[2 * at], mask);
            if (((at - home) & mask) >= ((at - hole) & mask)) {
                slots[2 * hole] = slots[2 * at];
                slots[2 * hole + 1] = slots[2 * at + 1];
                hole = at;
            }
        }
        slots[2 * hole] = EMPTY;
    }

    private void rehash() {
        int[] old = slots;
        slots = new int[old.length * 2];
        Arrays.fill(slots, EMPTY);
        int mask = slots() - 1;
        for (int i = 0; i < old.length; i += 2) {
            if (old[i] != EMPTY) {
                int at = home(old[i], mask);
                while (slots[2 * at] != EMPTY) {
                    at = (at + 1) & mask;
                }
                slots[2 * at] = old[i];
                slots[2 * at + 1] = old[i + 1];
            }
        }
    }

    private static int home(int key, int mask) {
        int hash = key * 0x9E3779B9;
        return (hash ^ (hash >>> 15)) & mask;
    }
}
