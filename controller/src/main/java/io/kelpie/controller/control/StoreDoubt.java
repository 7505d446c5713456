package io.kelpie.controller.control;

import io.kelpie.controller.trust.ReadOnly;

/**
 * What a host says that cannot be so if the store is the cluster's latest. It may only mean that another controller leads
 * by now: that is tested by a proof before anything follows from it.
 *
 * @param why for the operator
 * @param seenEpoch the epoch of this cluster that the host has seen; 0 if it names another cluster
 */
public record StoreDoubt(ReadOnly why, long seenEpoch) {}
