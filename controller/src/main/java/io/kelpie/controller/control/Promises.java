package io.kelpie.controller.control;

import io.kelpie.controller.lease.Leases;

/**
 * What a term has promised to hosts, and when it may count a promise as over.
 *
 * @param leases the promises
 * @param termBeganNanos when the term was known to have begun, in monotonic nanoseconds: an earlier leader may have
 *     granted until then
 */
record Promises(Leases leases, long termBeganNanos) {
    /** When the host's leased instances are known to be dead, if nothing more is promised to it. */
    long fenceableAtNanos(String hostId) {
        return leases.fenceableAtNanos(hostId, termBeganNanos);
    }
}
