package io.kelpie.agent.driver;

/** What executes the guest's instructions. */
public enum Accelerator {
    KVM,
    TCG
}
