package io.kelpie.agent.server;

import io.kelpie.common.yaml.YamlMap;

/**
 * What VMs do not get of the machine.
 *
 * @param cpus logical CPUs
 * @param memoryMib memory, in MiB
 */
record Reserved(int cpus, long memoryMib) {
    private static final long DEFAULT_MEMORY_MIB = 1024;
    private static final String FORMER_KEY = "reservedMemory";

    /** Reads {@code reserved}, or {@code reservedMemory}, which is the former way of saying {@code reserved.memory}. */
    static Reserved parse(YamlMap yaml) {
        long memoryMib = AgentConfig.size(yaml, FORMER_KEY, DEFAULT_MEMORY_MIB);
        YamlMap reserved = yaml.optionalMap("reserved");
        if (reserved == null) {
            return new Reserved(0, memoryMib);
        }
        if (reserved.has("memory") && yaml.has(FORMER_KEY)) {
            throw yaml.invalid(FORMER_KEY, "reserved.memory says it too", "keep reserved.memory");
        }
        Reserved parsed = new Reserved(
                (int) reserved.integer("cpus", 0, 0, AgentConfig.CPUS_MAX),
                AgentConfig.size(reserved, "memory", memoryMib));
        reserved.rejectUnknown();
        return parsed;
    }
}
