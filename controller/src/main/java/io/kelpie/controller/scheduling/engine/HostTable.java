package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What each host still has, in arrays by the host's index. An index is kept as long as the host is there and is used
 * again afterwards. Belongs to one thread.
 */
public final class HostTable {
    /** Stands for a host, pool or device kind that is not there. */
    public static final int UNKNOWN = -1;
    /** NUMA nodes of a host that are told apart; what is beyond cannot be bound to. */
    public static final int NUMA_NODES_MAX = 16;

    private static final int PAGE_SIZES = PageSize.values().length;
    private static final long NO_POOL = Long.MIN_VALUE;
    private static final int ROOM_FIELDS = 4;
    private static final int FREE_MEMORY_MIB = 0;
    private static final int FREE_VCPUS = 1;
    private static final int KEPT_MEMORY_MIB = 2;
    private static final int KEPT_VCPUS = 3;

    private final int overcommitPercent;
    private final Map<String, Integer> indexes = new HashMap<>();
    private final List<Integer> holes = new ArrayList<>();
    private final Map<String, Integer> pools = new HashMap<>();
    private final Map<String, Integer> deviceKinds = new HashMap<>();
    private final List<IntList> hostsWithDevices = new ArrayList<>(); // by kind

    private int limit;
    private @Nullable HostView[] views = new HostView[0];
    private int[] vcpuCapacity = new int[0];
    private long[] room = new long[0]; // ROOM_FIELDS a host, side by side: they are read together
    private long[][] freeHugepagesMib = new long[PAGE_SIZES][0]; // by size, then host
    private long[][] freePoolMib = new long[0][]; // by pool, then host
    private int[][] freeDevices = new int[0][]; // by kind, then host
    private int[] startsInFlight = new int[0];
    private final ImageTable images = new ImageTable();
    private byte[] numaNodes = new byte[0];
    private int[] numaFreeVcpus = new int[0]; // NUMA_NODES_MAX a host
    private long[] numaFreeMemoryMib = new long[0];
    private long[] roomiestNumaNodeMib = new long[0];
    private long[][] numaFreeHugepagesMib = new long[PAGE_SIZES][0];

    HostTable(int overcommitPercent) {
        this.overcommitPercent = overcommitPercent;
    }

    /** Hosts that are there. */
    public int count() {
        return indexes.size();
    }

    /** All indexes are below this; not every one below is a host's. */
    public int limit() {
        return limit;
    }

    public boolean exists(int host) {
        return views[host] != null;
    }

    /** The host as it was last put here. */
    public HostView view(int host) {
        HostView view = views[host];
        if (view == null) {
            throw new IllegalArgumentException("no host has the index " + host);
        }
        return view;
    }

    /** Index of the host with the id, or {@link #UNKNOWN}. */
    public int hostIndex(String id) {
        return indexes.getOrDefault(id, UNKNOWN);
    }

    /** Index of the pool with the name, or {@link #UNKNOWN} if no host has had it. */
    public int poolIndex(String pool) {
        return pools.getOrDefault(pool, UNKNOWN);
    }

    /** Index of the kind of devices, or {@link #UNKNOWN} if no host has had one. */
    public int deviceIndex(String kind) {
        return deviceKinds.getOrDefault(kind, UNKNOWN);
    }

    /** vCPUs that may be promised in all. */
    public int vcpuCapacity(int host) {
        return vcpuCapacity[host];
    }

    /** vCPUs that may still be promised; negative if more is held than there is. */
    public int freeVcpus(int host) {
        return (int) room[host * ROOM_FIELDS + FREE_VCPUS];
    }

    /** Ordinary memory left, in MiB; negative if more is held than there is. */
    public long freeMemoryMib(int host) {
        return room[host * ROOM_FIELDS + FREE_MEMORY_MIB];
    }

    /** vCPUs left beside what is kept for the loss of a host; negative if more is kept than is free. */
    public int roomVcpus(int host) {
        return (int) (room[host * ROOM_FIELDS + FREE_VCPUS] - room[host * ROOM_FIELDS + KEPT_VCPUS]);
    }

    /** Ordinary memory left beside what is kept for the loss of a host, in MiB; negative if more is kept than is free. */
    public long roomMemoryMib(int host) {
        return room[host * ROOM_FIELDS + FREE_MEMORY_MIB] - room[host * ROOM_FIELDS + KEPT_MEMORY_MIB];
    }

    boolean keeps(int host, int vcpus, long memoryMib) {
        return room[host * ROOM_FIELDS + KEPT_VCPUS] == vcpus
                && room[host * ROOM_FIELDS + KEPT_MEMORY_MIB] == memoryMib;
    }

    /** So much is kept for the loss of a host. */
    void keep(int host, int vcpus, long memoryMib) {
        room[host * ROOM_FIELDS + KEPT_VCPUS] = vcpus;
        room[host * ROOM_FIELDS + KEPT_MEMORY_MIB] = memoryMib;
    }

    /** Memory left in hugepages, in MiB. */
    public long freeHugepagesMib(int host, PageSize size) {
        return freeHugepagesMib[size.ordinal()][host];
    }

    public boolean hasPool(int host, int pool) {
        return pool != UNKNOWN && freePoolMib[pool][host] != NO_POOL;
    }

    /** Space left in a pool that the host has, in MiB; negative if more is held than there is. */
    public long freePoolMib(int host, int pool) {
        return freePoolMib[pool][host];
    }

    /** Devices of the kind that nobody holds. */
    public int freeDevices(int host, int kind) {
        return kind == UNKNOWN ? 0 : freeDevices[kind][host];
    }

    /** Whether the host has a device that nobody holds. */
    public boolean hasFreeDevices(int host) {
        for (int[] ofKind : freeDevices) {
            if (ofKind[host] > 0) {
                return true;
            }
        }
        return false;
    }

    /** Hosts that have devices of the kind, free or not. */
    public IntList hostsWithDevices(int kind) {
        return hostsWithDevices.get(kind);
    }

    /** Kinds of devices that some host has, or had; their indexes are below. */
    int deviceKinds() {
        return freeDevices.length;
    }

    boolean hasDevices() {
        return freeDevices.length > 0;
    }

    /** The number of an image; {@link #UNKNOWN} if it has none, or has none yet. */
    int imageIndex(String digest) {
        return images.index(digest);
    }

    /**
     * Whether the host has an image at hand.
     *
     * @param image index of it
     */
    boolean hasImage(int host, int image, String digest) {
        return images.has(host, image, digest, views[host]);
    }

    public int startsInFlight(int host) {
        return startsInFlight[host];
    }

    /** NUMA nodes of the host; 0 if unknown. */
    public int numaNodes(int host) {
        return numaNodes[host];
    }

    public int numaFreeVcpus(int host, int node) {
        return numaFreeVcpus[host * NUMA_NODES_MAX + node];
    }

    /** Ordinary memory of the NUMA node that no instance bound to it holds, in MiB. */
    public long numaFreeMemoryMib(int host, int node) {
        return numaFreeMemoryMib[host * NUMA_NODES_MAX + node];
    }

    /** The most ordinary memory that a NUMA node of the host has left, in MiB. */
    long roomiestNumaNodeMib(int host) {
        return roomiestNumaNodeMib[host];
    }

    private void findRoomiestNumaNode(int host) {
        long most = 0;
        for (int node = 0; node < numaNodes[host]; node++) {
            most = Math.max(most, numaFreeMemoryMib(host, node));
        }
        roomiestNumaNodeMib[host] = most;
    }

    public long numaFreeHugepagesMib(int host, int node, PageSize size) {
        return numaFreeHugepagesMib[size.ordinal()][host * NUMA_NODES_MAX + node];
    }

    /** Puts a host, new or changed, with everything that it holds. Returns its index. */
    int put(HostView view) {
        Integer known = indexes.get(view.id());
        int host = known != null ? known : newIndex(view.id());
        views[host] = view;
        HostSize size = view.size();
        HostSize held = view.held();
        vcpuCapacity[host] = (int) Math.min(Integer.MAX_VALUE, (long) size.cpus() * overcommitPercent / 100);
        room[host * ROOM_FIELDS + FREE_VCPUS] = vcpuCapacity[host] - held.cpus();
        room[host * ROOM_FIELDS + FREE_MEMORY_MIB] = size.memoryMib() - held.memoryMib();
        for (PageSize page : PageSize.values()) {
            freeHugepagesMib[page.ordinal()][host] = of(size.hugepagesMib(), page) - of(held.hugepagesMib(), page);
        }
        putPools(host, size, held);
        putDevices(host, size, held);
        putNumaNodes(host, size, held);
        findRoomiestNumaNode(host);
        startsInFlight[host] = view.startsInFlight();
        images.put(host, view.images());
        return host;
    }

    private void putPools(int host, HostSize size, HostSize held) {
        size.poolMib().keySet().forEach(pool -> {
            if (pools.putIfAbsent(pool, pools.size()) == null) {
                freePoolMib = Arrays.copyOf(freePoolMib, pools.size());
                freePoolMib[pools.size() - 1] = filled(new long[views.length]);
            }
        });
        pools.forEach((pool, index) -> {
            Long total = size.poolMib().get(pool);
            freePoolMib[index][host] = total == null ? NO_POOL : total - of(held.poolMib(), pool);
        });
    }

    private void putDevices(int host, HostSize size, HostSize held) {
        size.devices().keySet().forEach(kind -> {
            if (deviceKinds.putIfAbsent(kind, deviceKinds.size()) == null) {
                freeDevices = Arrays.copyOf(freeDevices, deviceKinds.size());
                freeDevices[deviceKinds.size() - 1] = heldWithoutHaving(kind);
                hostsWithDevices.add(new IntList());
            }
        });
        deviceKinds.forEach((kind, index) -> {
            int has = size.devices().getOrDefault(kind, 0);
            freeDevices[index][host] = has - held.devices().getOrDefault(kind, 0);
            hostsWithDevices.get(index).setMember(host, has > 0);
        });
    }

    /** What hosts have free of a kind that none of them had so far. */
    private int[] heldWithoutHaving(String kind) {
        int[] free = new int[views.length];
        for (int host = 0; host < limit; host++) {
            HostView view = views[host];
            free[host] = view == null ? 0 : -view.held().devices().getOrDefault(kind, 0);
        }
        return free;
    }

    private void putNumaNodes(int host, HostSize size, HostSize held) {
        numaNodes[host] = (byte) Math.min(NUMA_NODES_MAX, size.numaNodes().size());
        NumaNode nothing = new NumaNode(0, 0);
        for (int node = 0; node < numaNodes[host]; node++) {
            NumaNode has = size.numaNodes().get(node);
            NumaNode used = node < held.numaNodes().size() ? held.numaNodes().get(node) : nothing;
            int at = host * NUMA_NODES_MAX + node;
            numaFreeVcpus[at] = (int) ((long) has.cpus() * overcommitPercent / 100) - used.cpus();
            numaFreeMemoryMib[at] = has.memoryMib() - used.memoryMib();
            for (PageSize page : PageSize.values()) {
                numaFreeHugepagesMib[page.ordinal()][at] = of(has.hugepagesMib(), page) - of(used.hugepagesMib(), page);
            }
        }
    }

    /** Forgets a host; its index may be used again. */
    void remove(int host) {
        indexes.remove(view(host).id());
        hostsWithDevices.forEach(list -> list.setMember(host, false));
        views[host] = null;
        holes.add(host);
    }

    /**
     * Takes what the demand holds from a host, or gives it back.
     *
     * @param sign 1: takes, -1: gives back
     * @param withPools whether its disks are taken too
     * @param numaMask the NUMA nodes that carry it, a bit each
     */
    void take(int host, Demand demand, int sign, boolean withPools, int numaMask) {
        room[host * ROOM_FIELDS + FREE_VCPUS] -= sign * demand.vcpus();
        room[host * ROOM_FIELDS + FREE_MEMORY_MIB] -= sign * demand.memoryMib();
        PageSize page = demand.hugepages();
        if (page != null) {
            freeHugepagesMib[page.ordinal()][host] -= sign * demand.hugepagesMib();
        }
        if (withPools) {
            takePools(host, demand, sign);
        }
        takeDevices(host, demand, sign);
        for (int rest = numaMask; rest != 0; rest &= rest - 1) {
            int at = host * NUMA_NODES_MAX + Integer.numberOfTrailingZeros(rest);
            numaFreeVcpus[at] -= sign * demand.vcpusPerNumaNode();
            numaFreeMemoryMib[at] -= sign * demand.memoryMibPerNumaNode();
            if (page != null) {
                numaFreeHugepagesMib[page.ordinal()][at] -= sign * demand.hugepagesMibPerNumaNode();
            }
        }
        if (numaMask != 0) {
            findRoomiestNumaNode(host);
        }
    }

    /** A pool may have come after the demand was resolved, or gone from the host since the VM was placed. */
    private void takePools(int host, Demand demand, int sign) {
        for (int i = 0; i < demand.poolCount(); i++) {
            int pool = demand.pool(i) == UNKNOWN ? poolIndex(demand.poolName(i)) : demand.pool(i);
            if (hasPool(host, pool)) {
                freePoolMib[pool][host] -= sign * demand.poolMib(i);
            }
        }
    }

    private void takeDevices(int host, Demand demand, int sign) {
        for (int i = 0; i < demand.deviceCount(); i++) {
            int kind = demand.device(i) == UNKNOWN ? deviceIndex(demand.deviceKind(i)) : demand.device(i);
            if (kind != UNKNOWN) {
                freeDevices[kind][host] -= sign * demand.devices(i);
            }
        }
    }

    void addStartsInFlight(int host, int count) {
        startsInFlight[host] += count;
    }

    private int newIndex(String id) {
        int host = holes.isEmpty() ? limit++ : holes.remove(holes.size() - 1);
        indexes.put(id, host);
        if (host == views.length) {
            grow(Math.max(16, host * 2));
        }
        return host;
    }

    private void grow(int length) {
        int formerly = views.length;
        views = Arrays.copyOf(views, length);
        vcpuCapacity = Arrays.copyOf(vcpuCapacity, length);
        room = Arrays.copyOf(room, length * ROOM_FIELDS);
        startsInFlight = Arrays.copyOf(startsInFlight, length);
        roomiestNumaNodeMib = Arrays.copyOf(roomiestNumaNodeMib, length);
        numaNodes = Arrays.copyOf(numaNodes, length);
        numaFreeVcpus = Arrays.copyOf(numaFreeVcpus, length * NUMA_NODES_MAX);
        numaFreeMemoryMib = Arrays.copyOf(numaFreeMemoryMib, length * NUMA_NODES_MAX);
        for (int page = 0; page < PAGE_SIZES; page++) {
            freeHugepagesMib[page] = Arrays.copyOf(freeHugepagesMib[page], length);
            numaFreeHugepagesMib[page] = Arrays.copyOf(numaFreeHugepagesMib[page], length * NUMA_NODES_MAX);
        }
        for (int pool = 0; pool < freePoolMib.length; pool++) {
            freePoolMib[pool] = Arrays.copyOf(freePoolMib[pool], length);
            Arrays.fill(freePoolMib[pool], formerly, length, NO_POOL);
        }
        for (int kind = 0; kind < freeDevices.length; kind++) {
            freeDevices[kind] = Arrays.copyOf(freeDevices[kind], length);
        }
    }

    private static long[] filled(long[] array) {
        Arrays.fill(array, NO_POOL);
        return array;
    }

    private static <K> long of(Map<K, Long> amounts, K key) {
        return amounts.getOrDefault(key, 0L);
    }
}
