package io.kelpie.controller.scheduling.engine;

import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The instances of the {@link Inventory}, by number (see {@link InstanceNumbers}), each in the list of its host. Belongs to
 * one thread.
 */
public final class Instances {
    /** No instance. */
    public static final int NONE = -1;

    private static final int PRIORITY_MAX = 100;
    private static final int STARTING = 1;
    private static final int CLAIM = 2;
    private static final int LEAVING = 4;
    private static final int SET_ASIDE = 8;
    private static final int WITH_POOLS = 16;
    private static final int KEPT = 32;
    private static final int OF_GROUP = 64;

    private static final int FACTS = 8; // with room to spare: none is in two lines of the cache
    private static final int HOST = 0;
    private static final int NUMA_MASK = 1;
    private static final int FLAGS = 2;
    private static final int NEXT = 3;
    private static final int PREVIOUS = 4;
    private static final int ORDINAL = 5;
    private static final int PRIORITY = 6;

    private final InstanceNumbers numbers = new InstanceNumbers();
    private @Nullable Ask[] asks = new Ask[0];
    private @Nullable JobAsk[] jobAsks = new JobAsk[0]; // beside the facts all that is needed when one leaves
    private int[] facts = new int[0]; // FACTS an instance, side by side: they are read together
    private long[] sinceMillis = new long[0];
    private int[] firstOn = new int[0]; // by host
    private int[] changes = new int[0]; // by host
    private final int[] ofPriority = new int[PRIORITY_MAX + 1];
    private int leavingCount;
    private int claimCount;

    int add(int host, Ask ask, boolean pools, int numaMask, long since) {
        int instance = numbers.take(ask.terms().members(), ask.jobSize());
        if (instance >= asks.length) {
            grow(Math.max(16, instance * 2));
        }
        asks[instance] = ask;
        jobAsks[instance] = ask.ofJob();
        int at = instance * FACTS;
        facts[at + HOST] = host;
        facts[at + NUMA_MASK] = numaMask;
        facts[at + FLAGS] = (pools ? WITH_POOLS : 0) | (ask.terms().isGroup() ? OF_GROUP : 0);
        facts[at + ORDINAL] = ask.ordinal();
        facts[at + PRIORITY] = Math.max(0, Math.min(PRIORITY_MAX, ask.priority()));
        sinceMillis[instance] = since;
        link(instance, host);
        changed(host);
        ofPriority[facts[at + PRIORITY]]++;
        return instance;
    }

    void remove(int instance) {
        int host = host(instance);
        int before = facts[instance * FACTS + PREVIOUS];
        int after = next(instance);
        if (before == NONE) {
            firstOn[host] = after;
        } else {
            facts[before * FACTS + NEXT] = after;
        }
        if (after != NONE) {
            facts[after * FACTS + PREVIOUS] = before;
        }
        setLeaving(instance, false);
        claimCount -= isClaim(instance) ? 1 : 0;
        ofPriority[facts[instance * FACTS + PRIORITY]]--;
        numbers.giveBack(instance, ofJob(instance).terms().members());
        asks[instance] = null;
        jobAsks[instance] = null;
        changed(host);
    }

    /** The VM that it is an instance of, as it asked for its place. */
    public Ask ask(int instance) {
        Ask ask = asks[instance];
        if (ask == null) {
            throw new IllegalArgumentException("there is no instance " + instance);
        }
        return ask;
    }

    /** The part of {@link #ask} that all VMs of its job have. */
    JobAsk ofJob(int instance) {
        JobAsk ask = jobAsks[instance];
        if (ask == null) {
            throw new IllegalArgumentException("there is no instance " + instance);
        }
        return ask;
    }

    /** Its number within its job. */
    int ordinal(int instance) {
        return facts[instance * FACTS + ORDINAL];
    }

    /** Whether all VMs of its job have to be on one host. */
    boolean isOfGroup(int instance) {
        return is(instance, OF_GROUP);
    }

    /** Index of its host. */
    public int host(int instance) {
        return facts[instance * FACTS + HOST];
    }

    int numaMask(int instance) {
        return facts[instance * FACTS + NUMA_MASK];
    }

    /** Whether it holds space for its disks. */
    public boolean withPools(int instance) {
        return is(instance, WITH_POOLS);
    }

    /** Whether it counts as a start in flight. */
    boolean isStarting(int instance) {
        return is(instance, STARTING);
    }

    void setStarting(int instance, boolean value) {
        set(instance, STARTING, value);
    }

    /** When it was placed, in milliseconds since 1970; {@link Long#MAX_VALUE}: just now. */
    public long sinceMillis(int instance) {
        return sinceMillis[instance];
    }

    /** Whether it only keeps a place for a VM that is to come; nothing runs. */
    public boolean isClaim(int instance) {
        return is(instance, CLAIM);
    }

    void makeClaim(int instance) {
        set(instance, CLAIM, true);
        claimCount++;
        changed(host(instance));
    }

    boolean hasClaims() {
        return claimCount > 0;
    }

    /** Whether it is on its way out and only holds its place until it is gone. */
    public boolean isLeaving(int instance) {
        return is(instance, LEAVING);
    }

    void setLeaving(int instance, boolean value) {
        if (isLeaving(instance) != value) {
            set(instance, LEAVING, value);
            leavingCount += value ? 1 : -1;
            changed(host(instance));
        }
    }

    /** Whether it must not be ended to make room, whatever its priority. */
    public boolean isKept(int instance) {
        return is(instance, KEPT);
    }

    void setKept(int instance, boolean value) {
        if (isKept(instance) != value) {
            set(instance, KEPT, value);
            changed(host(instance));
        }
    }

    /** Whether any host has an instance that could make room for this priority: a lower one, or one on its way out. */
    public boolean canMakeRoomFor(int priority) {
        for (int lower = 0; lower < Math.min(priority, ofPriority.length); lower++) {
            if (ofPriority[lower] > 0) {
                return true;
            }
        }
        return leavingCount > 0;
    }

    boolean isSetAside(int instance) {
        return is(instance, SET_ASIDE);
    }

    void setAside(int instance, boolean value) {
        set(instance, SET_ASIDE, value);
    }

    private boolean is(int instance, int flag) {
        return (facts[instance * FACTS + FLAGS] & flag) != 0;
    }

    private void set(int instance, int flag, boolean value) {
        int at = instance * FACTS + FLAGS;
        facts[at] = value ? facts[at] | flag : facts[at] & ~flag;
    }

    /** Grows whenever an instance comes to the host or goes, or what may be done with one of them changes. */
    public int changes(int host) {
        return host < changes.length ? changes[host] : 0;
    }

    void changed(int host) {
        if (host >= changes.length) {
            changes = Arrays.copyOf(changes, Math.max(16, host * 2));
        }
        changes[host]++;
    }

    /** First instance on a host, or {@link #NONE}; the order on a host means nothing. */
    public int first(int host) {
        return host < firstOn.length ? firstOn[host] : NONE;
    }

    /** The next one on the same host, or {@link #NONE}. */
    public int next(int instance) {
        return facts[instance * FACTS + NEXT];
    }

    void forEach(IntConsumer action) {
        for (int instance = 0; instance < asks.length; instance++) {
            if (asks[instance] != null) {
                action.accept(instance);
            }
        }
    }

    /** Each instance of one job: looks at the hosts where it has some. */
    void forEachOf(JobMembers members, IntConsumer action) {
        IntCounts byHost = members.byHost();
        for (int slot = 0; slot < byHost.slots(); slot++) {
            int host = byHost.keyAt(slot);
            for (int instance = host < 0 ? NONE : first(host); instance != NONE; instance = next(instance)) {
                if (ofJob(instance).terms().members() == members) {
                    action.accept(instance);
                }
            }
        }
    }

    private void link(int instance, int host) {
        if (host >= firstOn.length) {
            int formerly = firstOn.length;
            firstOn = Arrays.copyOf(firstOn, Math.max(16, host * 2));
            Arrays.fill(firstOn, formerly, firstOn.length, NONE);
        }
        int first = firstOn[host];
        facts[instance * FACTS + NEXT] = first;
        facts[instance * FACTS + PREVIOUS] = NONE;
        if (first != NONE) {
            facts[first * FACTS + PREVIOUS] = instance;
        }
        firstOn[host] = instance;
    }

    private void grow(int length) {
        asks = Arrays.copyOf(asks, length);
        jobAsks = Arrays.copyOf(jobAsks, length);
        facts = Arrays.copyOf(facts, length * FACTS);
        sinceMillis = Arrays.copyOf(sinceMillis, length);
    }
}
