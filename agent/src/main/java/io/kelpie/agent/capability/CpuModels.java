package io.kelpie.agent.capability;

import io.kelpie.agent.driver.Accelerator;
import java.util.List;

/** The CPU models that guests can have. */
interface CpuModels {
    /**
     * Models that a guest can have with every feature under an accelerator, sorted; empty if QEMU does not say.
     *
     * @throws InterruptedException if this thread was interrupted
     */
    List<String> usable(Accelerator accelerator) throws InterruptedException;
}
