package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;

/**
 * Counts by a number of 0 or more, most of them zero, without boxes: a list as long as it is short, as those of most jobs
 * are, then open addressing.
 */
public final class IntCounts {
    private static final int EMPTY = -1;

    private static final int LISTED_MIN = 2;
    private static final int LISTED_MAX = 8; // one or two lines of the processor's cache
    private static final int HASHED_MIN = 4 * LISTED_MAX;

    private int[] slots = new int[2 * LISTED_MIN]; // a key and its count, side by side; hashed: a power of two of them
    private int used;
    private boolean hashed;

    IntCounts() {}

    public int get(int key) {
        if (!hashed) {
            int at = listed(key);
            return at < used ? slots[2 * at + 1] : 0;
        }
        int at = hashed(key);
        return slots[2 * at] == EMPTY ? 0 : slots[2 * at + 1];
    }

    /** Keys with a count. */
    public int size() {
        return used;
    }

    /** How many places {@link #keyAt} has. */
    public int slots() {
        return hashed ? slots.length >> 1 : used;
    }

    /** A key with a count, or -1; in no meaningful order. */
    public int keyAt(int slot) {
        return slots[2 * slot];
    }

    /** Adds to a count; at zero the key is gone. */
    void add(int key, int amount) {
        if (!hashed && used == LISTED_MAX && listed(key) == used) {
            rehash(HASHED_MIN);
        }
        if (hashed) {
            addHashed(key, amount);
        } else {
            addListed(key, amount);
        }
    }

    void clear() {
        slots = new int[2 * LISTED_MIN];
        used = 0;
        hashed = false;
    }

    // ---- a short list

    /** The place of a key, or behind the last. */
    private int listed(int key) {
        int at = 0;
        while (at < used && slots[2 * at] != key) {
            at++;
        }
        return at;
    }

    private void addListed(int key, int amount) {
        int at = listed(key);
        if (at == used) {
            if (2 * used == slots.length) {
                slots = Arrays.copyOf(slots, 4 * used);
            }
            slots[2 * at] = key;
            slots[2 * at + 1] = amount;
            used++;
            return;
        }
        slots[2 * at + 1] += amount;
        if (slots[2 * at + 1] == 0) {
            used--;
            slots[2 * at] = slots[2 * used];
            slots[2 * at + 1] = slots[2 * used + 1];
        }
    }

    // ---- open addressing

    /** The place of a key, or the empty one where it belongs. */
    private int hashed(int key) {
        int mask = (slots.length >> 1) - 1;
        int at = home(key, mask);
        while (slots[2 * at] != EMPTY && slots[2 * at] != key) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private void addHashed(int key, int amount) {
        int at = hashed(key);
        if (slots[2 * at] == EMPTY) {
            slots[2 * at] = key;
            slots[2 * at + 1] = amount;
            if (++used * 4 > slots() * 3) {
                rehash(slots.length * 2);
            }
            return;
        }
        slots[2 * at + 1] += amount;
        if (slots[2 * at + 1] == 0) {
            delete(at);
        }
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

    private void rehash(int length) {
        int[] old = slots;
        int end = 2 * slots();
        slots = new int[length];
        hashed = true;
        Arrays.fill(slots, EMPTY);
        for (int i = 0; i < end; i += 2) {
            if (old[i] != EMPTY) {
                int at = hashed(old[i]);
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
