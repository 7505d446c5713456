package io.kelpie.agent.driver.qemu;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Something that QEMU tells unasked.
 *
 * @param name e.g. {@code STOP}
 * @param data its arguments; an empty object if there are none
 */
record QmpEvent(String name, JsonNode data) {}
