package io.kelpie.controller.view;

/**
 * What the leader shows of its term.
 *
 * @param epoch the term's number
 * @param clusterUuid the cluster
 * @param model records and observations
 * @param events what happened lately
 */
public record LeaderView(long epoch, String clusterUuid, ReadModel model, EventLog events) {}
