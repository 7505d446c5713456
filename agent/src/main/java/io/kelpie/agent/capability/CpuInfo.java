package io.kelpie.agent.capability;

import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What /proc/cpuinfo says.
 *
 * @param model model name of the first CPU; empty if unknown
 * @param flags all flags of the first CPU, those of its virtualisation included
 * @param cpus logical CPUs
 */
record CpuInfo(String model, SortedSet<String> flags, int cpus) {
    /** The flags that matter to virtualisation. */
    private static final Set<String> RELEVANT = Set.of(
            "vmx",
            "svm",
            "ept",
            "ept_ad",
            "vpid",
            "vnmi",
            "npt",
            "nrip_save",
            "vgif",
            "avic",
            "unrestricted_guest",
            "posted_intr",
            "v_vmsave_vmload",
            "flexpriority",
            "tpr_shadow",
            "lm",
            "nx",
            "pdpe1gb",
            "hypervisor");

    static CpuInfo parse(String text) {
        String model = "";
        SortedSet<String> flags = new TreeSet<>();
        int cpus = 0;
        for (String line : text.split("\n")) {
            int colon = line.indexOf(':');
            if (colon < 0) {
                continue;
            }
            String key = line.substring(0, colon).strip();
            String value = line.substring(colon + 1).strip();
            switch (key) {
                case "processor" -> cpus++;
                case "model name" -> model = model.isEmpty() ? value : model;
                // Newer kernels show the flags of VMX in a line of their own.
                case "flags", "vmx flags" -> {
                    if (cpus <= 1) {
                        flags.addAll(Set.of(value.split(" +")));
                    }
                }
                default -> {}
            }
        }
        return new CpuInfo(model, flags, cpus);
    }

    boolean has(String flag) {
        return flags.contains(flag);
    }

    SortedSet<String> relevantFlags() {
        SortedSet<String> relevant = new TreeSet<>(flags);
        relevant.retainAll(RELEVANT);
        return relevant;
    }
}
