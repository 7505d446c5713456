package io.kelpie.controller.fence;

import java.time.Duration;
import java.util.List;

/**
 * The fence plug-in of a controller.
 *
 * @param command absolute path of the program, and its first arguments
 * @param timeLimit of the whole of a fence
 */
public record FenceConfig(List<String> command, Duration timeLimit) {
    public FenceConfig {
        command = List.copyOf(command);
        if (command.isEmpty()) {
            throw new IllegalArgumentException("a fence plug-in without a program");
        }
    }
}
