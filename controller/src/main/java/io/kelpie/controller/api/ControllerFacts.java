package io.kelpie.controller.api;

import java.util.List;

/**
 * What a controller says of itself.
 *
 * @param controllerId its id
 * @param address where operators and agents reach it, host:port
 * @param version of Kelpie
 * @param storeKind {@code embedded} or {@code external}
 * @param warnings what an operator should know
 */
public record ControllerFacts(
        String controllerId, String address, String version, String storeKind, List<String> warnings) {
    public ControllerFacts {
        warnings = List.copyOf(warnings);
    }
}
