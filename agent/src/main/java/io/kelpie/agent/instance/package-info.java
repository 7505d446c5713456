/**
 * The instances of this host: executes the leader's commands, keeps the durable ledger, and takes charge of running
 * VMs again after the agent was started anew.
 *
 * <p>One thread, the {@link io.kelpie.agent.instance.AgentLoop}, owns every decision; all that blocks runs on {@link
 * io.kelpie.agent.instance.Workers}.
 */
package io.kelpie.agent.instance;
