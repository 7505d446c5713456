package io.kelpie.agent.capability;

/**
 * A kernel module's parameter.
 *
 * @param module kvm, kvm_intel or kvm_amd
 * @param name e.g. ept, npt, nested
 * @param value as the kernel shows it, trimmed
 */
public record ModuleParameter(String module, String name, String value) {}
