package io.kelpie.controller.scheduling.engine;

import io.kelpie.controller.model.PageSize;
import java.util.Set;

/**
 * What a host has beside room that few hosts have, a bit each: free devices, free hugepages and the roomiest NUMA node by
 * amount, images, and whether room there is held back. A set of hosts offers what any of them offers; where a wanted bit is missing none of them
 * will do. Bits are shared where there are more kinds than bits, so a host that offers all that is wanted need not have
 * it. Pure.
 */
final class Offers {
    /** Nothing there is held back; one of four, each host has exactly one. */
    static final long PLAIN = 1;
    /** It has free devices, for others than do not want any it is held back. */
    static final long FREE_DEVICES = 2;
    /** It is held for a group that has to stay together. */
    static final long HELD = 4;
    /** Both. */
    static final long FREE_DEVICES_AND_HELD = 8;

    private static final int DEVICE_FIRST = 4;
    private static final int DEVICE_KINDS = 4;
    private static final int DEVICE_LEVELS = 4; // 1, 2, 4 and 8 of them
    private static final int PAGES_FIRST = 20;
    private static final int PAGE_SIZES = 2;
    private static final int PAGE_LEVELS = 10;
    private static final int PAGES_SHIFT = 8; // the first level is anything, the second 256 MiB, the last 64 GiB
    private static final int NUMA_FIRST = 40;
    private static final int NUMA_LEVELS = 8;
    private static final int NUMA_SHIFT = 12; // the first level is more than 4 GiB, the eighth more than 512
    private static final int IMAGES_FIRST = 48;
    private static final int IMAGE_BITS = 16;
    private static final long IMAGES = upTo(IMAGE_BITS) << IMAGES_FIRST;
    /** Bits by which most hosts differ, so that to know for sure whether any of many hosts has one is not worth its while. */
    static final long LOOSE = IMAGES | upTo(NUMA_LEVELS) << NUMA_FIRST;

    private static final PageSize[] SIZES = PageSize.values();

    private Offers() {}

    /** The bits of images, which are not changed by what is placed on a host. */
    static long ofImages(Set<String> digests) {
        long images = 0;
        for (String digest : digests) {
            int hash = digest.hashCode();
            images |= 1L << (IMAGES_FIRST + ((hash ^ (hash >>> 16)) & (IMAGE_BITS - 1)));
        }
        return images;
    }

    /**
     * What a host has now.
     *
     * @param former what it had before, its images among it
     */
    static long of(HostTable hosts, int host, boolean held, long former) {
        long offers = former & IMAGES
                | (hosts.hasFreeDevices(host) ? (held ? FREE_DEVICES_AND_HELD : FREE_DEVICES) : (held ? HELD : PLAIN));
        for (int kind = 0; kind < hosts.deviceKinds(); kind++) {
            offers |= upTo(deviceLevel(hosts.freeDevices(host, kind))) << firstOfKind(kind);
        }
        for (PageSize size : SIZES) {
            offers |= upTo(pageLevel(hosts.freeHugepagesMib(host, size))) << firstOfSize(size);
        }
        return offers | upTo(numaLevel(hosts.roomiestNumaNodeMib(host))) << NUMA_FIRST;
    }

    /** What a host has to offer at least. */
    static long wantedBy(Demand demand) {
        long wanted = 0;
        for (int i = 0; i < demand.deviceCount(); i++) {
            if (demand.device(i) != HostTable.UNKNOWN) {
                wanted |= at(deviceLevel(demand.devices(i))) << firstOfKind(demand.device(i));
            }
        }
        if (demand.numaNodes() > 0) {
            wanted |= at(numaLevel(demand.memoryMibPerNumaNode())) << NUMA_FIRST;
        }
        PageSize size = demand.hugepages();
        return size == null ? wanted : wanted | at(pageLevel(demand.hugepagesMib())) << firstOfSize(size);
    }

    private static int firstOfKind(int kind) {
        return DEVICE_FIRST + kind % DEVICE_KINDS * DEVICE_LEVELS;
    }

    @SuppressWarnings("EnumOrdinal") // lives no longer than the process
    private static int firstOfSize(PageSize size) {
        return PAGES_FIRST + size.ordinal() % PAGE_SIZES * PAGE_LEVELS;
    }

    private static int deviceLevel(int count) {
        return count <= 0 ? 0 : Math.min(DEVICE_LEVELS, 32 - Integer.numberOfLeadingZeros(count));
    }

    private static int pageLevel(long mib) {
        return mib <= 0 ? 0 : Math.min(PAGE_LEVELS, 65 - Long.numberOfLeadingZeros(mib >> PAGES_SHIFT));
    }

    /** Begins above the power of two: that is what a node has, and a VM of that size needs a little more. */
    private static int numaLevel(long mib) {
        return mib <= 0 ? 0 : Math.min(NUMA_LEVELS, 64 - Long.numberOfLeadingZeros((mib - 1) >> NUMA_SHIFT));
    }

    /** The bits of a level and all below. */
    private static long upTo(int level) {
        return (1L << level) - 1;
    }

    private static long at(int level) {
        return level == 0 ? 0 : 1L << (level - 1);
    }
}
