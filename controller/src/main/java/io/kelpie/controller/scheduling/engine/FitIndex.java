package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;
import java.util.Set;

/**
 * The hosts by what they have left beside what is kept: a grid of vCPUs by memory. Within a cell hosts are ordered by
 * their free amounts, their {@link Offers}, their trait class and their rank, so that hosts that do not differ are
 * neighbours, and the order is a function of the hosts' state alone, never of what happened before. Each cell and each
 * level knows which classes are there and what is offered, so that a search that few hosts suit passes over the others.
 * Belongs to one thread.
 */
public final class FitIndex {
    public static final int VCPU_LEVELS = Levels.of(1 << 14) + 1;
    public static final int MEMORY_LEVELS = Levels.of(1L << 18) + 1;
    /** Memory is divided in steps of this many MiB, as a power of two. */
    public static final int MEMORY_SHIFT = 8;

    /** More than any host has, and few enough to reckon with: 1 PiB. */
    private static final long MEMORY_MIB_MAX = 1L << 30;

    private static final long VCPUS_MAX = 1L << 20;

    private static final int VCPU_BITS = 21;

    private static final int FACTS = 4;
    private static final int AMOUNTS = 0; // memory and vCPUs left, in one number that orders hosts
    private static final int OFFERS = 1;
    private static final int TRAIT_CLASS = 2;
    private static final int RANK = 3;

    /** Of a cell's summary: the bits of the trait classes that are there, then those of what is offered. */
    static final int SUMMARY = 2;

    static final int CELLS = VCPU_LEVELS * MEMORY_LEVELS;

    /** No cell. */
    public static final int NOWHERE = -1;

    private static final int[] NONE = new int[0];

    private final HostTable hosts;
    private final GroupRoom groups;
    private final int[][] cells = new int[CELLS][];
    private final int[] sizes = new int[CELLS];
    private final long[] summaries =
            new long[CELLS * SUMMARY]; // classes and offers, side by side: they are read together
    private final FitAxis byVcpus = new FitAxis(VCPU_LEVELS, MEMORY_LEVELS, MEMORY_LEVELS, 1);
    private final FitAxis byMemory = new FitAxis(MEMORY_LEVELS, 1, VCPU_LEVELS, MEMORY_LEVELS);
    private int[] cellOf = new int[0]; // by host; NOWHERE: not in the index
    private long[] facts = new long[0]; // FACTS a host, side by side: they are read together

    FitIndex(HostTable hosts, GroupRoom groups) {
        this.hosts = hosts;
        this.groups = groups;
        Arrays.fill(cells, NONE);
    }

    public static int vcpuLevel(int vcpus) {
        return Math.min(VCPU_LEVELS - 1, Levels.of(vcpus));
    }

    public static int memoryLevel(long memoryMib) {
        return Math.min(MEMORY_LEVELS - 1, Levels.of(memoryMib >> MEMORY_SHIFT));
    }

    /** The most vCPUs that a host of the level has left. */
    static long vcpusMost(int level) {
        return level == VCPU_LEVELS - 1 ? VCPUS_MAX : Levels.ceiling(level);
    }

    /** The most memory that a host of the level has left, in MiB. */
    static long memoryMibMost(int level) {
        return level == MEMORY_LEVELS - 1 ? MEMORY_MIB_MAX : ((Levels.ceiling(level) + 1) << MEMORY_SHIFT) - 1;
    }

    static int cell(int freeVcpus, long freeMemoryMib) {
        return vcpuLevel(freeVcpus) * MEMORY_LEVELS + memoryLevel(freeMemoryMib);
    }

    /** vCPUs first, then memory. */
    public FitAxis byVcpus() {
        return byVcpus;
    }

    /** Memory first, then vCPUs. */
    FitAxis byMemory() {
        return byMemory;
    }

    /** Whether a cell may have a host of one of the classes that offers all that is wanted. */
    boolean mayHave(int cell, long classes, long wanted) {
        return (summaries[cell * SUMMARY] & classes) != 0 && (summaries[cell * SUMMARY + 1] & wanted) == wanted;
    }

    /** The bit of a trait class; classes share them. */
    static long classBit(int traitClass) {
        return 1L << traitClass;
    }

    /**
     * vCPUs left beside what is kept; -1 if more is kept than is free. As it was when the host was entered, like all
     * that the index knows.
     */
    int vcpus(int host) {
        return (int) (facts[host * FACTS + AMOUNTS] & ((1 << VCPU_BITS) - 1)) - 1;
    }

    /** Memory left beside what is kept, in MiB; -1 if more is kept than is free. */
    long memoryMib(int host) {
        return (facts[host * FACTS + AMOUNTS] >> VCPU_BITS) - 1;
    }

    /** See {@link Offers}; as it was when the host was entered. */
    long offers(int host) {
        return facts[host * FACTS + OFFERS];
    }

    /** The first place in a cell whose host has that much memory left; more than 0. */
    public int placeFrom(int cell, long memoryMib) {
        int[] members = cells[cell];
        int low = 0;
        int high = sizes[cell];
        long least = amounts(Integer.MIN_VALUE, memoryMib);
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (facts[members[middle] * FACTS + AMOUNTS] < least) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    public int size(int cell) {
        return sizes[cell];
    }

    /** A host of a cell by its place there. */
    public int host(int cell, int at) {
        return cells[cell][at];
    }

    public int traitClass(int host) {
        return (int) facts[host * FACTS + TRAIT_CLASS];
    }

    /** Decides between hosts of equal cost: the lower wins. */
    public long rank(int host) {
        return facts[host * FACTS + RANK];
    }

    void setTraits(int host, int number, long rankOfHost, Set<String> images) {
        if (host >= cellOf.length) {
            int length = Math.max(16, host * 2);
            int formerly = cellOf.length;
            cellOf = Arrays.copyOf(cellOf, length);
            Arrays.fill(cellOf, formerly, length, NOWHERE);
            facts = Arrays.copyOf(facts, length * FACTS);
        }
        facts[host * FACTS + OFFERS] = Offers.ofImages(images);
        facts[host * FACTS + TRAIT_CLASS] = number;
        facts[host * FACTS + RANK] = rankOfHost;
    }

    /** Whether the host is in the index now. */
    boolean has(int host) {
        return cellOf[host] >= 0;
    }

    /** Enters a host with what it has now. */
    void enter(int host) {
        int vcpus = hosts.roomVcpus(host);
        long memoryMib = hosts.roomMemoryMib(host);
        long offers = Offers.of(hosts, host, groups.isHeld(host), facts[host * FACTS + OFFERS]);
        facts[host * FACTS + AMOUNTS] = amounts(vcpus, memoryMib);
        facts[host * FACTS + OFFERS] = offers;
        int cell = cell(vcpus, memoryMib);
        int[] members = cells[cell];
        int size = sizes[cell];
        if (size == members.length) {
            members = Arrays.copyOf(members, Math.max(4, size * 2));
            cells[cell] = members;
        }
        int at = search(members, size, host);
        System.arraycopy(members, at, members, at + 1, size - at);
        members[at] = host;
        sizes[cell] = size + 1;
        cellOf[host] = cell;
        if (size == 0) {
            flip(cell);
        }
        long bit = classBit(traitClass(host));
        summaries[cell * SUMMARY] |= bit;
        summaries[cell * SUMMARY + 1] |= offers;
        byVcpus.add(cell / MEMORY_LEVELS, bit, offers);
        byMemory.add(cell % MEMORY_LEVELS, bit, offers);
    }

    /** Takes a host out, before anything of it changes. */
    void leave(int host) {
        int cell = cellOf[host];
        int[] members = cells[cell];
        int size = sizes[cell] - 1;
        int at = search(members, size + 1, host);
        System.arraycopy(members, at + 1, members, at, size - at);
        sizes[cell] = size;
        cellOf[host] = NOWHERE;
        if (size == 0) {
            flip(cell);
        }
        forget(cell);
    }

    /**
     * A host has left: what it alone had in its cell and its levels is not there any more. Images are taken for there
     * until the cell is empty: most hosts have other ones, and to look for all of them again would take longer than to
     * pass over a cell in vain.
     */
    private void forget(int cell) {
        long classes = summaries[cell * SUMMARY];
        long offered = summaries[cell * SUMMARY + 1];
        long classesLeft = 0;
        long offeredLeft = sizes[cell] == 0 ? 0 : offered & Offers.IMAGES;
        int[] members = cells[cell];
        for (int at = sizes[cell] - 1; at >= 0 && (classesLeft != classes || offeredLeft != offered); at--) {
            classesLeft |= classBit(traitClass(members[at]));
            offeredLeft |= offers(members[at]);
        }
        if (classesLeft != classes || offeredLeft != offered) {
            summaries[cell * SUMMARY] = classesLeft;
            summaries[cell * SUMMARY + 1] = offeredLeft;
            long classesGone = classes & ~classesLeft;
            long offersGone = offered & ~offeredLeft;
            byVcpus.forget(cell / MEMORY_LEVELS, classesGone, offersGone, summaries);
            byMemory.forget(cell % MEMORY_LEVELS, classesGone, offersGone, summaries);
        }
    }

    private void flip(int cell) {
        byVcpus.flip(cell / MEMORY_LEVELS, cell % MEMORY_LEVELS);
        byMemory.flip(cell % MEMORY_LEVELS, cell / MEMORY_LEVELS);
    }

    /** Orders by memory, then by vCPUs; all that is below zero is alike. */
    private static long amounts(int vcpus, long memoryMib) {
        long memory = Math.max(-1, Math.min(MEMORY_MIB_MAX, memoryMib)) + 1;
        return (memory << VCPU_BITS) + (Math.max(-1, Math.min(VCPUS_MAX, vcpus)) + 1);
    }

    /** Whether no request can tell the two apart by vCPUs, memory, traits and offers. */
    private boolean alike(int host, int other) {
        int one = host * FACTS;
        int two = other * FACTS;
        return facts[one + AMOUNTS] == facts[two + AMOUNTS]
                && facts[one + OFFERS] == facts[two + OFFERS]
                && facts[one + TRAIT_CLASS] == facts[two + TRAIT_CLASS];
    }

    /** The first place after {@code at} whose host is not like the one there: in steps that double. */
    public int endOfRun(int cell, int at) {
        int[] members = cells[cell];
        int size = sizes[cell];
        int like = members[at];
        int known = at;
        int step = 1;
        while (known + step < size && alike(members[known + step], like)) {
            known += step;
            step *= 2;
        }
        int beyond = Math.min(size, known + step);
        while (known + 1 < beyond) {
            int middle = (known + beyond) >>> 1;
            if (alike(members[middle], like)) {
                known = middle;
            } else {
                beyond = middle;
            }
        }
        return known + 1;
    }

    /** The place of a host, or where it belongs. */
    private int search(int[] members, int size, int host) {
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (isBefore(members[middle], host)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private boolean isBefore(int host, int other) {
        int one = host * FACTS;
        int two = other * FACTS;
        for (int fact = 0; fact < FACTS; fact++) {
            if (facts[one + fact] != facts[two + fact]) {
                return facts[one + fact] < facts[two + fact];
            }
        }
        return false;
    }
}
