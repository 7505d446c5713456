package io.kelpie.controller.replay.input;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads files that are refused and returns what is said of them. */
final class RefusedFiles {
    private RefusedFiles() {}

    static List<String> hosts(byte[] content) {
        return texts(() -> HostFile.read("hosts.csv", new ByteArrayInputStream(content)));
    }

    static List<String> vms(String content) {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        return texts(() -> VmFile.read("vms.csv", new ByteArrayInputStream(bytes)));
    }

    private interface Reading {
        void run() throws IOException, BadInputException;
    }

    private static List<String> texts(Reading reading) {
        BadInputException refusal = catchThrowableOfType(BadInputException.class, reading::run);
        if (refusal == null) {
            throw new AssertionError("the file was not refused");
        }
        return refusal.problems().stream().map(InputProblem::text).toList();
    }
}
