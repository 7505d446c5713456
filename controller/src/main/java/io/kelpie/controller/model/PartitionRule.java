package io.kelpie.controller.model;

/**
 * VMs of different partitions of a job are never in one domain.
 *
 * @param count partitions; a VM's is its ordinal modulo this
 * @param by {@link SpreadRule#HOST}, or the key of the label whose values are the domains
 */
public record PartitionRule(int count, String by) {}
