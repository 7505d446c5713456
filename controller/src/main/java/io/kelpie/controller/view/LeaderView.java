package io.kelpie.controller.view;

/**
 * What the leader shows of its term.
 *
 * @param epoch the term's number
 * @param clusterUuid the cluster
 * @param model records and observations
 * @param events what happened lately
 * @param warnings what an operator should know as long as it is so
 * @param freeze whether leases last until a thaw
 * @param failover room that is kept for the loss of a host
 * @param moves VMs that are stopped to be started elsewhere
 */
public record LeaderView(
        long epoch,
        String clusterUuid,
        ReadModel model,
        EventLog events,
        Warnings warnings,
        FreezeView freeze,
        FailoverView failover,
        MovesView moves) {}
