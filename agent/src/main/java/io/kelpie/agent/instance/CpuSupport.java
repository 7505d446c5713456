package io.kelpie.agent.instance;

import io.kelpie.agent.driver.Accelerator;
import java.util.Optional;
import java.util.Set;

/**
 * What CPUs guests can have on this host.
 *
 * @param accelerator what the models were measured under
 * @param models models of QEMU that a guest can have with every feature; empty: not known
 * @param nesting the CPU's feature by which guests under KVM run guests themselves, {@code vmx} or {@code svm}; empty:
 *     they cannot
 */
public record CpuSupport(Accelerator accelerator, Set<String> models, Optional<String> nesting) {
    /** Nothing is known, and nothing but what every host has is offered. */
    public static final CpuSupport UNKNOWN = new CpuSupport(Accelerator.TCG, Set.of(), Optional.empty());

    public CpuSupport {
        models = Set.copyOf(models);
    }
}
