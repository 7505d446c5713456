package io.kelpie.controller.replay.input;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayHost.NumaNode;
import io.kelpie.controller.replay.ReplayPool;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kind of host, of which a pool has as many as one likes.
 *
 * @param vcpus of one host, over all NUMA nodes
 * @param memoryGib of one host, over all NUMA nodes
 * @param numaNodes 1 or 2, with an equal share each
 * @param hostsPerRack how many hosts fill a rack before the next is begun
 */
public record UniformPool(int vcpus, int memoryGib, int numaNodes, int hostsPerRack) {
    /** How {@link #parse} wants it, for messages. */
    public static final String RULE = "vCPUs x GiB of one host, e.g. 64x256; 64x256x2 has them on two NUMA nodes";

    private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,6})x([1-9]\\d{0,6})(?:x([12]))?");
    private static final long MIB_PER_GIB = 1024;

    /** Empty if the text is no kind of host, is too large, or does not split evenly over its NUMA nodes. */
    public static Optional<UniformPool> parse(String text, int hostsPerRack) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int vcpus = Integer.parseInt(matcher.group(1));
        int memoryGib = Integer.parseInt(matcher.group(2));
        int numaNodes = matcher.group(3) == null ? 1 : Integer.parseInt(matcher.group(3));
        boolean fits = vcpus <= HostFile.MAX_VCPUS && memoryGib <= HostFile.MAX_MEMORY_GIB && vcpus % numaNodes == 0;
        return fits ? Optional.of(new UniformPool(vcpus, memoryGib, numaNodes, hostsPerRack)) : Optional.empty();
    }

    public long memoryMib() {
        return memoryGib * MIB_PER_GIB;
    }

    /** So many hosts, {@code host-0} on. */
    public ReplayPool of(int count) {
        NumaNode node = new NumaNode(vcpus / numaNodes, memoryMib() / numaNodes);
        List<NumaNode> nodes = Collections.nCopies(numaNodes, node);
        List<ReplayHost> hosts = new ArrayList<>(count);
        List<String> racks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (i % hostsPerRack == 0) {
                racks.add("rack-" + racks.size());
            }
            hosts.add(new ReplayHost("host-" + i, racks.size() - 1, nodes));
        }
        return new ReplayPool(hosts, racks);
    }
}
