package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.input.UniformPool;
import io.kelpie.it.benchmark.measure.BadOptionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A kind of host and what it is called.
 *
 * @param name vCPUs x GiB, e.g. 64x256
 */
public record HostKind(String name, UniformPool pool) {
    /** From 4 GiB a vCPU, where vCPUs and memory run out together, to 2.5, where memory is scarce. */
    public static final List<HostKind> OF_CLOUDS = List.of(of("64x256"), of("96x384"), of("96x288"), of("128x320"));

    /** A host on which the one trace of seeds 1 to 5 plays that takes more of Kelpie's hosts than of best-fit's. */
    static final HostKind OF_LEFT_OUT = of("128x320");

    /** What the largest VMs of the cloud's traces need. */
    static final int LARGEST_VCPUS = 64;

    static final int LARGEST_MEMORY_GIB = 256;

    private static final int HOSTS_PER_RACK = 20;

    /** A kind that is known to be one. */
    public static HostKind of(String name) {
        return parse(name).orElseThrow(() -> new IllegalArgumentException("no kind of host: " + name));
    }

    private static Optional<HostKind> parse(String name) {
        return UniformPool.parse(name, HOSTS_PER_RACK).map(pool -> new HostKind(name, pool));
    }

    /** Kinds with commas between them, each of which has room for every VM of the cloud's traces. */
    static List<HostKind> parseList(String option, String text) throws BadOptionException {
        List<HostKind> kinds = new ArrayList<>();
        Set<String> names = new TreeSet<>();
        for (String name : text.split(",", -1)) {
            Optional<HostKind> kind = parse(name);
            if (kind.isEmpty()) {
                throw new BadOptionException(
                        option, "\"" + name + "\" is no kind of host", "write " + UniformPool.RULE);
            }
            UniformPool pool = kind.get().pool();
            if (pool.vcpus() < LARGEST_VCPUS || pool.memoryGib() < LARGEST_MEMORY_GIB) {
                throw new BadOptionException(
                        option,
                        name + " has no room for the traces' largest VMs",
                        "give hosts of at least " + LARGEST_VCPUS + "x" + LARGEST_MEMORY_GIB);
            }
            if (!names.add(name)) {
                throw new BadOptionException(option, name + " is there twice", "name each kind once");
            }
            kinds.add(kind.get());
        }
        return List.copyOf(kinds);
    }
}
