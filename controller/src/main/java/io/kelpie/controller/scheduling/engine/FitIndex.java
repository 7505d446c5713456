package io.kelpie.controller.scheduling.engine;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

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

    private static final int FEW = 8; // hosts to be compared one by one
    private static final int CELLS = VCPU_LEVELS * MEMORY_LEVELS;

    /** No cell. */
    public static final int NOWHERE = -1;

    private final HostTable hosts;
    private final GroupRoom groups;
    private final @Nullable FitCell[] cells = new FitCell[CELLS]; // null: never had a host
    private final FitAxis byVcpus = new FitAxis(VCPU_LEVELS, MEMORY_LEVELS, MEMORY_LEVELS, 1);
    private final FitAxis byMemory = new FitAxis(MEMORY_LEVELS, 1, VCPU_LEVELS, MEMORY_LEVELS);
    private int[] cellOf = new int[0]; // by host; NOWHERE: not in the index
    private long changes;
    private int lastChanged = HostTable.UNKNOWN;
    private long[] facts = new long[0]; // FACTS a host, side by side: they are read together

    FitIndex(HostTable hosts, GroupRoom groups) {
        this.hosts = hosts;
        this.groups = groups;
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

    /** A cell that has or had hosts. */
    FitCell at(int cell) {
        return requireNonNull(cells[cell]);
    }

    /** Whether a cell that has or had hosts may have one of one of the classes that offers all that is wanted. */
    boolean mayHave(int cell, long classes, long wanted) {
        FitCell members = at(cell);
        return (members.classes & classes) != 0 && (members.offers & wanted) == wanted;
    }

    /** The bit of a trait class; classes share them. */
    static long classBit(int traitClass) {
        return 1L << traitClass;
    }

    /** See {@link Offers}; as it was when the host was entered. */
    long offers(int host) {
        return facts[host * FACTS + OFFERS];
    }

    /** The first place in a cell whose host has that much memory left; more than 0. */
    public int placeFrom(int cell, long memoryMib) {
        return at(cell).placeFrom(amounts(Integer.MIN_VALUE, memoryMib));
    }

    public int size(int cell) {
        return at(cell).size();
    }

    /** A host of a cell by its place there. */
    public int host(int cell, int at) {
        return at(cell).host(at);
    }

    /**
     * vCPUs left beside what is kept; -1 if more is kept than is free. As it was when the host was entered, like all
     * that the index knows.
     *
     * @param amounts of the host
     */
    static int vcpus(long amounts) {
        return (int) (amounts & ((1 << VCPU_BITS) - 1)) - 1;
    }

    /** Memory left beside what is kept, in MiB; -1 if more is kept than is free. */
    static long memoryMib(long amounts) {
        return (amounts >> VCPU_BITS) - 1;
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

    /** Grows with every host that is entered, and with whatever else may make hosts pass. */
    long changes() {
        return changes;
    }

    /** The host of the last change. */
    int lastChanged() {
        return lastChanged;
    }

    /** Something has changed on a host that is not known here. */
    void changed(int host) {
        changes++;
        lastChanged = host;
    }

    /** Enters a host with what it has now. */
    void enter(int host) {
        changed(host);
        int vcpus = hosts.roomVcpus(host);
        long memoryMib = hosts.roomMemoryMib(host);
        long offers = Offers.of(hosts, host, groups.isHeld(host), facts[host * FACTS + OFFERS]);
        facts[host * FACTS + AMOUNTS] = amounts(vcpus, memoryMib);
        facts[host * FACTS + OFFERS] = offers;
        int cell = cell(vcpus, memoryMib);
        FitCell members = cells[cell];
        if (members == null) {
            members = new FitCell();
            cells[cell] = members;
        }
        if (members.size() == 0) {
            flip(cell);
        }
        members.insert(placeOf(members, host), facts[host * FACTS + AMOUNTS], offers, traitClass(host), host);
        cellOf[host] = cell;
        long bit = classBit(traitClass(host));
        members.classes |= bit;
        members.offers |= offers;
        byVcpus.add(cell / MEMORY_LEVELS, bit, offers);
        byMemory.add(cell % MEMORY_LEVELS, bit, offers);
    }

    /** Takes a host out, before anything of it changes. */
    void leave(int host) {
        int cell = cellOf[host];
        FitCell members = at(cell);
        int place = placeOf(members, host);
        members.remove(place);
        cellOf[host] = NOWHERE;
        if (members.size() == 0) {
            flip(cell);
            forget(cell, members, members.classes, members.offers);
        } else {
            forgetHost(cell, members, host, place);
        }
    }

    /**
     * A host has left: what it alone had in its cell is not there any more. What {@link Offers#LOOSE} tells is taken for
     * there until the cell is empty: to look for all of it again would take longer than to pass over a cell in vain.
     *
     * @param place where it was: those around it are most like it
     */
    private void forgetHost(int cell, FitCell members, int host, int place) {
        long classes = classBit(traitClass(host));
        long offers = offers(host) & ~Offers.LOOSE;
        int at = place;
        for (int left = members.size(); left > 0 && (classes | offers) != 0; left--) {
            at = at == 0 ? members.size() - 1 : at - 1;
            classes &= ~classBit(members.traitClass(at));
            offers &= ~members.offers(at);
        }
        if ((classes | offers) != 0) {
            forget(cell, members, classes, offers);
        }
    }

    private void forget(int cell, FitCell members, long classes, long offers) {
        members.classes &= ~classes;
        members.offers &= ~offers;
        byVcpus.forget(cell / MEMORY_LEVELS, classes, offers, cells);
        byMemory.forget(cell % MEMORY_LEVELS, classes, offers, cells);
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

    /** The first place after {@code at} whose host is not like the one there. */
    public int endOfRun(int cell, int at) {
        return at(cell).endOfRun(at);
    }

    /** The place of a host, or where it belongs. */
    private int placeOf(FitCell members, int host) {
        int low = members.placeFrom(facts[host * FACTS + AMOUNTS]); // mostly no other host has the same amounts
        for (int few = low + FEW; low < few; low++) {
            if (low == members.size() || !isBefore(members, low, host)) {
                return low;
            }
        }
        int high = members.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (isBefore(members, middle, host)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private boolean isBefore(FitCell members, int at, int host) {
        long amounts = facts[host * FACTS + AMOUNTS];
        if (members.amounts(at) != amounts) {
            return members.amounts(at) < amounts;
        }
        if (members.offers(at) != offers(host)) {
            return members.offers(at) < offers(host);
        }
        return members.traitClass(at) != traitClass(host)
                ? members.traitClass(at) < traitClass(host)
                : rank(members.host(at)) < rank(host);
    }
}
