/**
 * Answers operators' questions about placement on copies of what the leader knows: what a job, a drain or a rebalance
 * would do, what fits, and how a VM would be decided on now. Nothing here changes the cluster or runs on the control
 * thread.
 */
package io.kelpie.controller.planning;
