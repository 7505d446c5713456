/**
 * The driver that runs QEMU itself.
 *
 * <p>Every QEMU is the child of a {@code kelpie-guard}; the guard's files in the instance's folder say what exists and
 * how it ended, so nothing here is known only to the agent's memory. QMP over a unix socket does the rest. All sockets
 * are served by one thread ({@link io.kelpie.agent.driver.qemu.QmpReactor}), all instances are watched by another ({@link
 * io.kelpie.agent.driver.qemu.InstanceWatch}), events are delivered by a third.
 */
package io.kelpie.agent.driver.qemu;
