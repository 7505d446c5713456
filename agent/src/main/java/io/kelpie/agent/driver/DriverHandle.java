package io.kelpie.agent.driver;

/**
 * Names an instance towards its driver, also after the agent was started anew. Opaque to all but the driver that made
 * it.
 *
 * @param driver who made it
 * @param version of the format of {@code data}
 * @param data printable ASCII without spaces
 */
public record DriverHandle(DriverKind driver, int version, String data) {}
