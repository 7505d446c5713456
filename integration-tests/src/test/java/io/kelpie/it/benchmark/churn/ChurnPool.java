package io.kelpie.it.benchmark.churn;

import io.kelpie.controller.model.DriverKind;
import io.kelpie.controller.model.NumaNode;
import io.kelpie.controller.model.PageSize;
import io.kelpie.controller.model.PagingMode;
import io.kelpie.controller.model.Taint;
import io.kelpie.controller.scheduling.HostSize;
import io.kelpie.controller.scheduling.HostTraits;
import io.kelpie.controller.scheduling.HostView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Hosts of 64 CPUs and 256 GiB on two NUMA nodes, twenty a rack and the racks in three zones. Of a hundred, half have
 * SSDs, 25 eight devices, 10 hugepages, 10 an older CPU, 5 a taint, 3 no paging in hardware, and one each is cordoned,
 * draining and not ready. All are empty.
 *
 * @param hosts in the order of their numbers
 */
public record ChurnPool(List<HostView> hosts) {
    public static final String RACK = "rack";
    public static final String ZONE = "zone";
    public static final String DISK = "disk";
    public static final String TAINT = "dedicated";
    public static final String DEVICE = "gpu";
    public static final String POOL = "default";
    public static final String OLD_CPU = "x86-64-v2";
    public static final String NEW_CPU = "x86-64-v4";
    public static final int ZONES = 3;
    public static final int IMAGES = 20;

    private static final int HOSTS_PER_RACK = 20;
    private static final int CPUS = 64;
    private static final long MEMORY_MIB = 256 * 1024;
    private static final long HUGEPAGES_MIB = 64 * 1024;
    private static final long POOL_MIB = 4_000_000;
    private static final int DEVICES = 8;
    private static final int IMAGES_CACHED = 8;

    public ChurnPool {
        hosts = List.copyOf(hosts);
    }

    public static ChurnPool of(int count) {
        List<HostView> hosts = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            hosts.add(host(i));
        }
        return new ChurnPool(hosts);
    }

    /** How many racks so many hosts fill or begin. */
    public static int racks(int hosts) {
        return (hosts + HOSTS_PER_RACK - 1) / HOSTS_PER_RACK;
    }

    public static String image(int number) {
        return "sha256:" + "0".repeat(62) + String.format("%02x", number);
    }

    static String hostId(int number) {
        return "host-" + number;
    }

    /** Ordinary memory of the hosts that take VMs. */
    public long memoryMib() {
        return hosts.stream()
                .filter(ChurnPool::takesVms)
                .mapToLong(host -> host.size().memoryMib())
                .sum();
    }

    static boolean takesVms(HostView host) {
        return host.traits().ready()
                && !host.traits().cordoned()
                && !host.traits().draining();
    }

    private static HostView host(int number) {
        int slot = number * 37 % 100; // 37 and 100 have no common divisor: each slot once in a hundred hosts
        SortedMap<String, String> labels = new TreeMap<>();
        labels.put(RACK, "r" + number / HOSTS_PER_RACK);
        labels.put(ZONE, "z" + number / HOSTS_PER_RACK % ZONES);
        labels.put(DISK, slot % 2 == 0 ? "ssd" : "hdd");
        boolean hugepages = slot % 10 == 3;
        boolean old = slot % 10 == 6;
        HostTraits traits = new HostTraits(
                labels,
                slot != 11,
                slot == 31,
                slot == 51,
                slot % 20 == 5 ? List.of(new Taint(TAINT, "db")) : List.of(),
                true,
                slot == 17 || slot == 47 || slot == 77 ? PagingMode.SHADOW : PagingMode.EPT,
                old ? Set.of(OLD_CPU) : Set.of(OLD_CPU, NEW_CPU),
                Set.of(DriverKind.QEMU));
        Map<PageSize, Long> pages = hugepages ? Map.of(PageSize.MIB_2, HUGEPAGES_MIB) : Map.of();
        Map<PageSize, Long> pagesPerNode = hugepages ? Map.of(PageSize.MIB_2, HUGEPAGES_MIB / 2) : Map.of();
        long memoryMib = hugepages ? MEMORY_MIB - HUGEPAGES_MIB : MEMORY_MIB;
        SortedMap<String, Long> pools = new TreeMap<>();
        pools.put(POOL, POOL_MIB);
        SortedMap<String, Integer> devices = new TreeMap<>();
        if (slot % 4 == 1) {
            devices.put(DEVICE, DEVICES);
        }
        NumaNode node = new NumaNode(CPUS / 2, memoryMib / 2, pagesPerNode);
        HostSize size = new HostSize(CPUS, memoryMib, pages, pools, devices, List.of(node, node));
        String id = hostId(number);
        return new HostView(id, id, traits, size, HostSize.NOTHING, 0, images(number));
    }

    private static Set<String> images(int number) {
        Set<String> cached = new HashSet<>();
        for (int i = 0; i < IMAGES_CACHED; i++) {
            cached.add(image((number * 7 + i * 3) % IMAGES));
        }
        return cached;
    }
}
