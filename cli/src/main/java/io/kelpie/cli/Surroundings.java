package io.kelpie.cli;

import io.kelpie.cli.connect.Channels;
import io.kelpie.common.time.TimeSource;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * All that a command takes from outside, so that a test can give it something else.
 *
 * @param environment environment variables
 * @param home the operator's home folder
 * @param requestIds a new id for each change
 */
public record Surroundings(
        Terminal terminal,
        Map<String, String> environment,
        Path home,
        TimeSource clock,
        Pauses pauses,
        Interrupts interrupts,
        Channels channels,
        Supplier<UUID> requestIds) {}
