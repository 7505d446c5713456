package io.kelpie.controller.replay;

import io.kelpie.controller.replay.ReplayRules.Overhead;
import io.kelpie.controller.replay.ReplayRules.Policy;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the command line says, as it says it: {@link ReplayCommand} judges it. */
final class ReplayOptions {
    /** How the result is written. */
    enum Output {
        TABLE,
        JSON
    }

    @Option(
            names = "--hosts",
            paramLabel = "FILE",
            description = {
                "The pool, a host a row:",
                "host,rack,numa0_vcpus,numa0_memory_gib[,numa1_vcpus,numa1_memory_gib]."
            })
    @Nullable Path hosts;

    @Option(
            names = "--uniform",
            paramLabel = "KIND",
            description = "Instead of --hosts: equal hosts, vCPUs x GiB, e.g. 64x256; 64x256x2 has two NUMA nodes.")
    @Nullable String uniform;

    @Option(names = "--count", paramLabel = "N", description = "How many hosts of the uniform kind.")
    @Nullable Integer count;

    @Option(
            names = "--hosts-per-rack",
            paramLabel = "N",
            description = "Hosts of the uniform kind in one rack. Default: 16.")
    @Nullable Integer hostsPerRack;

    @Option(
            names = "--find-min-hosts",
            description = "Find the fewest hosts of the uniform kind on which no VM is rejected.")
    boolean findMinHosts;

    @Option(
            names = "--vms",
            paramLabel = "FILE",
            description = {
                "The trace, a VM a row: vm,vcpus,memory_gib[,numa_nodes,strategy,group,domain]"
                        + "[,arrive_s,lifetime_s].",
                "strategy is none, affinity, anti-affinity or fault_domain. VMs with an empty lifetime_s stay."
            })
    @Nullable Path vms;

    @Option(
            names = "--policy",
            paramLabel = "POLICY",
            defaultValue = "pack",
            description = "pack (few hosts) or spread (even load). Default: ${DEFAULT-VALUE}.")
    Policy policy = Policy.PACK;

    @Option(
            names = "--overhead",
            paramLabel = "KIND",
            defaultValue = "none",
            description = "none: sizes as the trace has them; qemu: with the memory that QEMU takes beyond the guest's."
                    + " Default: ${DEFAULT-VALUE}.")
    Overhead overhead = Overhead.NONE;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Breaks ties. The same files, options and seed give the same plan. Default: ${DEFAULT-VALUE}.")
    long seed = 1;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "table or json. Default: ${DEFAULT-VALUE}.")
    Output output = Output.TABLE;

    @Option(names = "--series", paramLabel = "FILE", description = "Write usage over time there, as CSV.")
    @Nullable Path series;

    @Option(names = "--svg", paramLabel = "FILE", description = "Draw usage over time there.")
    @Nullable Path svg;

    @Option(
            names = "--generate",
            paramLabel = "N",
            description = "Instead of all that: print a trace of N VMs with the shape of a cloud's, by --seed.")
    @Nullable Integer generate;

    @Option(names = "--days", paramLabel = "N", description = "Days over which generated VMs arrive. Default: 14.")
    @Nullable Integer days;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help and end.")
    @SuppressWarnings("unused") // its being there makes the parser show the help
    private boolean help;
}
