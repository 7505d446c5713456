package io.kelpie.it.simulation;

import io.kelpie.proto.v1.AffinityRule;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.LabelPreference;
import io.kelpie.proto.v1.Numa;
import io.kelpie.proto.v1.Partitions;
import io.kelpie.proto.v1.Placement;
import io.kelpie.proto.v1.SpreadRule;
import io.kelpie.proto.v1.Toleration;
import io.kelpie.proto.v1.VmTemplate;
import java.util.SplittableRandom;

/**
 * What one job asks of the place of its VMs, drawn once: every VM that runs keeps to it, and up to three VMs can always
 * be placed one after the other on three whole hosts.
 *
 * @param hugepages whether the guests' memory is made of those
 * @param numaNodes how many a guest has; 0: it does not say
 */
record JobWishes(Placement placement, boolean hugepages, int numaNodes) {
    /** Any host will do. */
    static final JobWishes NONE = new JobWishes(Placement.getDefaultInstance(), false, 0);

    private static final String HOST = "host";
    private static final int NUMA_MEMORY_MIB = 224;

    static JobWishes drawn(String job, SplittableRandom random) {
        Placement.Builder rules = Placement.newBuilder();
        switch (random.nextInt(6)) {
            case 0 ->
                rules.addSpread(SpreadRule.newBuilder().setBy(SimHost.RACK).setMaxSkew(1));
            case 1 -> rules.addAntiAffinity(self(job, HOST));
            case 2 -> rules.addAffinity(self(job, SimHost.RACK));
            case 3 -> rules.setPartitions(Partitions.newBuilder().setCount(2).setBy(HOST));
            case 4 ->
                rules.addPrefer(LabelPreference.newBuilder()
                        .setLabel(SimHost.RACK)
                        .addIn("r0")
                        .setWeight(50));
            default -> {}
        }
        if (random.nextBoolean()) {
            rules.addTolerations(Toleration.newBuilder().setKey(SimHost.TAINT));
        }
        boolean hugepages = random.nextInt(3) == 0;
        // Ordinary memory of one NUMA node would not do for all jobs' VMs.
        int numaNodes = hugepages ? random.nextInt(3) : 2 * random.nextInt(2);
        return new JobWishes(rules.build(), hugepages, numaNodes);
    }

    private static AffinityRule self(String job, String by) {
        return AffinityRule.newBuilder().setJob(job).setBy(by).setRequired(true).build();
    }

    void equip(VmTemplate.Builder vm) {
        if (hugepages) {
            vm.setHugepages(Hugepages.HUGEPAGES_2MI);
        }
        if (numaNodes > 0) {
            vm.setVcpus(numaNodes)
                    .setMemoryMib(NUMA_MEMORY_MIB)
                    .setNuma(Numa.newBuilder().setNodes(numaNodes));
        }
    }
}
