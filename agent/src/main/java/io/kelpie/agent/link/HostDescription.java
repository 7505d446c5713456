package io.kelpie.agent.link;

import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.Taint;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What a host says of itself to a leader. The suppliers are read on the loop and must not block.
 *
 * @param hostId the host's id, a UUID
 * @param hostName its name
 * @param bootId the kernel's boot id
 * @param version the agent's version
 * @param labels from its configuration
 * @param taints from its configuration
 * @param capabilities what it can do, as last measured
 * @param capacity what it has
 * @param pools its pools, as last measured
 * @param images SHA-256 digests of the images in its cache, as last looked at
 */
public record HostDescription(
        String hostId,
        String hostName,
        String bootId,
        String version,
        Map<String, String> labels,
        List<Taint> taints,
        Supplier<HostCapabilities> capabilities,
        Supplier<HostCapacity> capacity,
        Supplier<List<Pool>> pools,
        Supplier<List<String>> images) {
    public HostDescription {
        labels = Map.copyOf(labels);
        taints = List.copyOf(taints);
    }
}
