package io.kelpie.controller.scheduling.rebalance;

/**
 * How loaded the hosts are that take part: those that are ready, not cordoned and not being drained. A host's load is
 * the larger of the shares of its vCPUs (with overcommit) and of its memory that are held; in hundredths of a percent,
 * rounded down.
 *
 * @param hosts how many take part
 * @param carrying those of them with at least one VM
 * @param least the least load
 * @param most the highest load
 * @param deviation standard deviation of the loads, rounded down
 */
public record Measure(int hosts, int carrying, int least, int most, int deviation) {}
