package io.kelpie.agent.capability;

import io.kelpie.agent.driver.Accelerator;

/** Boots the probe's guest. */
interface GuestProbe {
    ProbeResult boot(Accelerator accelerator) throws InterruptedException;
}
