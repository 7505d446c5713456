package io.kelpie.controller.scheduling.check;

/**
 * So much of one thing of a host.
 *
 * @param what the thing, in words; names it among all things of the host
 * @param unit of the amounts, with a space before it; may be empty
 * @param amount what is wanted
 * @param before what was held of it when the snapshot was taken
 * @param has what the host has of it for VMs
 */
record Claim(String what, String unit, long amount, long before, long has) {}
