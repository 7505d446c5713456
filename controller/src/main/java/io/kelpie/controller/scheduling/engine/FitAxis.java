package io.kelpie.controller.scheduling.engine;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * One of the two ways through the {@link FitIndex}: by the level of one amount first, then by that of the other. Knows of
 * each first level which cells have hosts, which trait classes are there and what is offered. Belongs to one thread.
 */
public final class FitAxis {
    private final int words; // of a bit for each level
    private final int otherWords;
    private final int stride;
    private final int otherStride;
    private final long[] occupied; // by level: the cells with hosts, a bit each
    private final long[] classes;
    private final long[] offers;
    private final long[] offering; // by bit of the offers: the levels, a bit each

    /**
     * @param levels of the first amount
     * @param stride from a cell to that of the next first level
     */
    FitAxis(int levels, int stride, int otherLevels, int otherStride) {
        this.stride = stride;
        this.otherStride = otherStride;
        words = (levels + 63) / 64;
        otherWords = (otherLevels + 63) / 64;
        occupied = new long[levels * otherWords];
        classes = new long[levels];
        offers = new long[levels];
        offering = new long[Long.SIZE * words];
    }

    int cell(int level, int other) {
        return level * stride + other * otherStride;
    }

    /** Whether no host is on the level. */
    public boolean isEmpty(int level) {
        return classes[level] == 0;
    }

    /** Whether the level may have a host of one of the classes that offers all that is wanted. */
    boolean mayHave(int level, long someOf, long allOf) {
        return (classes[level] & someOf) != 0 && (offers[level] & allOf) == allOf;
    }

    /** The first level from {@code from} upwards where the rarest of what is wanted is offered, or NOWHERE. */
    int from(int from, long wanted) {
        int offer = 63 - Long.numberOfLeadingZeros(wanted);
        return up(offering, offer * words, words, from);
    }

    /** The first other level from {@code from} upwards with hosts on the level, or NOWHERE. */
    public int otherFrom(int level, int from) {
        return up(occupied, level * otherWords, otherWords, from);
    }

    /** The first other level from {@code from} downwards with hosts on the level, or NOWHERE. */
    int otherDownFrom(int level, int from) {
        if (from < 0) {
            return FitIndex.NOWHERE;
        }
        int word = from >> 6;
        long bits = occupied[level * otherWords + word] & (-1L >>> (63 - (from & 63)));
        while (bits == 0) {
            if (--word < 0) {
                return FitIndex.NOWHERE;
            }
            bits = occupied[level * otherWords + word];
        }
        return (word << 6) + 63 - Long.numberOfLeadingZeros(bits);
    }

    private static int up(long[] bitmap, int first, int count, int from) {
        int word = from >> 6;
        if (word >= count) {
            return FitIndex.NOWHERE;
        }
        long bits = bitmap[first + word] & (-1L << from);
        while (bits == 0) {
            if (++word == count) {
                return FitIndex.NOWHERE;
            }
            bits = bitmap[first + word];
        }
        return (word << 6) + Long.numberOfTrailingZeros(bits);
    }

    /** A cell that had no hosts has some, or the other way round. */
    void flip(int level, int other) {
        occupied[level * otherWords + (other >> 6)] ^= 1L << other;
    }

    /** A host of this class that offers this has come to the level. */
    void add(int level, long classBit, long offered) {
        classes[level] |= classBit;
        flipOffers(level, offered & ~offers[level]);
        offers[level] |= offered;
    }

    /** One cell of the level has not got these any more; neither has the level, unless another cell has. */
    void forget(int level, long classesGone, long offersGone, @Nullable FitCell[] cells) {
        long classesLost = classesGone;
        long offersLost = offersGone;
        for (int word = 0; word < otherWords; word++) {
            for (long rest = occupied[level * otherWords + word]; rest != 0; rest &= rest - 1) {
                FitCell cell = requireNonNull(cells[cell(level, (word << 6) + Long.numberOfTrailingZeros(rest))]);
                classesLost &= ~cell.classes;
                offersLost &= ~cell.offers;
                if ((classesLost | offersLost) == 0) {
                    return;
                }
            }
        }
        classes[level] &= ~classesLost;
        flipOffers(level, offersLost);
        offers[level] &= ~offersLost;
    }

    private void flipOffers(int level, long offered) {
        for (long rest = offered; rest != 0; rest &= rest - 1) {
            offering[Long.numberOfTrailingZeros(rest) * words + (level >> 6)] ^= 1L << level;
        }
    }
}
