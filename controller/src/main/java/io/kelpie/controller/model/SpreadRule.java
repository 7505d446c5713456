package io.kelpie.controller.model;

/**
 * VMs of the job are spread over domains.
 *
 * @param by {@link #HOST}, or the key of the label whose values are the domains
 * @param maxSkew how many more VMs a domain may have than the one with the fewest, at least 1
 */
public record SpreadRule(String by, int maxSkew) {
    /** Each host is a domain of its own. */
    public static final String HOST = "host";
}
