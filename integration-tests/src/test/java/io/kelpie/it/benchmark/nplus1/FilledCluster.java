package io.kelpie.it.benchmark.nplus1;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Hosts of 64 CPUs and 256 GiB that are filled evenly: up to about 60 % of their memory the VMs of any one of them find
 * room on the others.
 *
 * @param hosts how many
 * @param vms in the order of their numbers
 */
public record FilledCluster(int hosts, List<FilledVm> vms) {
    public static final int HOST_CPUS = 64;
    public static final long HOST_MEMORY_MIB = 256 * 1024;
    public static final long HOST_DISK_MIB = 10_000_000;
    public static final long VM_DISK_MIB = 10_240;
    /** vCPUs that may be promised per CPU. */
    public static final int VCPU_RATIO = 4;
    /** The VM that is asked for. */
    public static final int ASKED_VCPUS = 2;

    public static final long ASKED_MEMORY_MIB = 8 * 1024;

    private static final long SEED = 42;

    /**
     * A VM that runs.
     *
     * @param host number of its host
     */
    public record FilledVm(int host, int vcpus, long memoryMib) {}

    private record Flavour(int vcpus, long memoryGib, int weight) {}

    private static final List<Flavour> FLAVOURS =
            List.of(new Flavour(1, 2, 35), new Flavour(2, 8, 35), new Flavour(8, 16, 15), new Flavour(4, 32, 15));

    public FilledCluster {
        vms = List.copyOf(vms);
    }

    /**
     * The same VMs at every call.
     *
     * @param fillPercent of each host's memory, about
     */
    public static FilledCluster of(int hosts, int fillPercent) {
        SplittableRandom random = new SplittableRandom(SEED);
        List<FilledVm> vms = new ArrayList<>();
        for (int host = 0; host < hosts; host++) {
            long usedMib = 0;
            while (usedMib < HOST_MEMORY_MIB * fillPercent / 100) {
                Flavour flavour = flavour(random);
                vms.add(new FilledVm(host, flavour.vcpus(), flavour.memoryGib() * 1024));
                usedMib += flavour.memoryGib() * 1024;
            }
        }
        return new FilledCluster(hosts, vms);
    }

    private static Flavour flavour(SplittableRandom random) {
        int left = random.nextInt(100);
        for (Flavour flavour : FLAVOURS) {
            left -= flavour.weight();
            if (left < 0) {
                return flavour;
            }
        }
        throw new IllegalStateException("the weights are less than 100");
    }
}
