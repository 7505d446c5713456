package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;

/**
 * The hosts of one cell of the {@link FitIndex}, in its order. What tells most of them apart stands beside them, so that
 * a walk through them reads memory in order: what is known of each host elsewhere is seldom in a cache. Belongs to one
 * thread.
 */
final class FitCell {
    private static final int FIELDS = 3;
    private static final int AMOUNTS = 0;
    private static final int OFFERS = 1;
    private static final int CLASS_AND_HOST = 2; // the class in the upper half
    private static final int CLASS_SHIFT = 32;

    /** So many are looked at in turn before it pays to pass over all that are alike. */
    private static final int ONE_BY_ONE = 16;

    /** Bits of the trait classes that are there. */
    long classes;

    /** What is offered there: see {@link Offers}; of {@link Offers#LOOSE} it may have what has gone. */
    long offers;

    private long[] entries = new long[4 * FIELDS];
    private int size;

    int size() {
        return size;
    }

    int host(int at) {
        return (int) entries[at * FIELDS + CLASS_AND_HOST];
    }

    int traitClass(int at) {
        return (int) (entries[at * FIELDS + CLASS_AND_HOST] >>> CLASS_SHIFT);
    }

    /** Memory and vCPUs of the host there, in one number that orders hosts. */
    long amounts(int at) {
        return entries[at * FIELDS + AMOUNTS];
    }

    /** What the host there offers: see {@link Offers}. */
    long offers(int at) {
        return entries[at * FIELDS + OFFERS];
    }

    /** Whether no request can tell two hosts apart by vCPUs, memory, traits and offers. */
    boolean isAlike(int one, int other) {
        return amounts(one) == amounts(other) && offers(one) == offers(other) && traitClass(one) == traitClass(other);
    }

    void insert(int at, long amounts, long offered, int traitClass, int host) {
        if (size * FIELDS == entries.length) {
            entries = Arrays.copyOf(entries, entries.length * 2);
        }
        System.arraycopy(entries, at * FIELDS, entries, (at + 1) * FIELDS, (size - at) * FIELDS);
        entries[at * FIELDS + AMOUNTS] = amounts;
        entries[at * FIELDS + OFFERS] = offered;
        entries[at * FIELDS + CLASS_AND_HOST] = (long) traitClass << CLASS_SHIFT | host;
        size++;
    }

    void remove(int at) {
        size--;
        System.arraycopy(entries, (at + 1) * FIELDS, entries, at * FIELDS, (size - at) * FIELDS);
    }

    /** The first place whose host has these amounts or more. */
    int placeFrom(long amounts) {
        if (size == 0 || amounts(0) >= amounts) {
            return 0;
        }
        int below = 0; // the place of some host with less
        for (int left = size; left > 1; ) {
            int half = left >>> 1;
            below = amounts(below + half) < amounts ? below + half : below; // without a branch to be foretold
            left -= half;
        }
        return below + 1;
    }

    /** The first place from {@code at} on whose host offers all that is wanted; {@link #size} if there is none. */
    int nextOffering(int at, long wanted) {
        int next = at;
        while (next < size) {
            for (int end = Math.min(size, next + ONE_BY_ONE); next < end; next++) {
                if ((offers(next) & wanted) == wanted) {
                    return next;
                }
            }
            next = endOfRun(next - 1);
        }
        return next;
    }

    /** The first place after {@code at} whose host is not like the one there: in steps that double. */
    int endOfRun(int at) {
        int known = at;
        int step = 1;
        while (known + step < size && isAlike(at, known + step)) {
            known += step;
            step *= 2;
        }
        int beyond = Math.min(size, known + step);
        while (known + 1 < beyond) {
            int middle = (known + beyond) >>> 1;
            if (isAlike(at, middle)) {
                known = middle;
            } else {
                beyond = middle;
            }
        }
        return known + 1;
    }
}
