package io.kelpie.controller.model;

import java.util.List;
import java.util.Optional;

/**
 * Where the VMs of a job may run, beyond what each of them needs.
 *
 * @param require labels that the host must have, all of them
 * @param prefer labels that make a host better
 * @param spread over which domains the job's VMs are spread
 * @param affinity jobs to be near to
 * @param antiAffinity jobs to be away from
 * @param partitions which of the job's VMs are kept apart
 * @param tolerations taints that do not keep its VMs away
 */
public record PlacementRules(
        List<LabelRequirement> require,
        List<LabelPreference> prefer,
        List<SpreadRule> spread,
        List<AffinityRule> affinity,
        List<AffinityRule> antiAffinity,
        Optional<PartitionRule> partitions,
        List<Toleration> tolerations) {
    /** Anywhere. */
    public static final PlacementRules NONE =
            new PlacementRules(List.of(), List.of(), List.of(), List.of(), List.of(), Optional.empty(), List.of());

    public PlacementRules {
        require = List.copyOf(require);
        prefer = List.copyOf(prefer);
        spread = List.copyOf(spread);
        affinity = List.copyOf(affinity);
        antiAffinity = List.copyOf(antiAffinity);
        tolerations = List.copyOf(tolerations);
    }
}
