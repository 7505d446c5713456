package io.kelpie.agent.driver;

import java.util.List;
import java.util.Optional;

/**
 * What a guest's CPUs and memory are made of.
 *
 * @param cpu CPU that it sees
 * @param hugepages pages of its memory; empty: ordinary ones
 * @param numaNodes NUMA nodes that it sees, 1 to 8; they divide its vCPUs and its memory evenly
 * @param hostNodes NUMA nodes of the host that its memory is taken from if they have it, one for each of the guest's;
 *     empty: the kernel chooses
 */
public record GuestHardware(GuestCpu cpu, Optional<HugepageSize> hugepages, int numaNodes, List<Integer> hostNodes) {
    /** What a guest gets that asks for nothing. */
    public static final GuestHardware PLAIN = new GuestHardware(GuestCpu.PLAIN, Optional.empty(), 1, List.of());

    public GuestHardware {
        hostNodes = List.copyOf(hostNodes);
        if (numaNodes < 1 || (!hostNodes.isEmpty() && hostNodes.size() != numaNodes)) {
            throw new IllegalArgumentException(numaNodes + " NUMA nodes on " + hostNodes + " of the host");
        }
    }

    /** The NUMA node of the host that one of the guest's belongs to. */
    public Optional<Integer> hostNode(int guestNode) {
        return hostNodes.isEmpty() ? Optional.empty() : Optional.of(hostNodes.get(guestNode));
    }

    /** Whether its memory is what every hypervisor makes by itself. */
    public boolean isPlainMemory() {
        return hugepages.isEmpty() && numaNodes == 1 && hostNodes.isEmpty();
    }
}
