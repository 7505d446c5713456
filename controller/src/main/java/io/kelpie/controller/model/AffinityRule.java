package io.kelpie.controller.model;

/**
 * Near VMs of a job, or away from them.
 *
 * @param job whose VMs
 * @param by {@link SpreadRule#HOST}, or the key of the label whose values are the domains
 * @param required false: only a preference
 */
public record AffinityRule(JobKey job, String by, boolean required) {}
