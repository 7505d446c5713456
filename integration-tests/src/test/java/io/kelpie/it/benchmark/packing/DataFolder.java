package io.kelpie.it.benchmark.packing;

import io.kelpie.controller.replay.ReplayPool;
import io.kelpie.controller.replay.Trace;
import io.kelpie.controller.replay.input.BadInputException;
import io.kelpie.controller.replay.input.HostFile;
import io.kelpie.controller.replay.input.VmFile;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The public traces: {@code topology-vm-placement/} with {@code hosts.csv} and {@code vms-c1.csv} to {@code vms-c3.csv},
 * {@code openb-2023/} with {@code openb_pod_list_default.csv}.
 */
public record DataFolder(Path path) {
    private static final String TOPOLOGY = "topology-vm-placement";
    private static final String PODS = "openb-2023/openb_pod_list_default.csv";

    /** Whether the files are there. */
    public boolean isComplete() {
        return Files.isReadable(path.resolve(TOPOLOGY).resolve("hosts.csv")) && Files.isReadable(path.resolve(PODS));
    }

    public ReplayPool topologyHosts() throws IOException, BadInputException {
        Path file = path.resolve(TOPOLOGY).resolve("hosts.csv");
        try (InputStream in = Files.newInputStream(file)) {
            return HostFile.read(file.toString(), in);
        }
    }

    /**
     * @param name {@code c1}, {@code c2} or {@code c3}
     */
    public Trace topologyVms(String name) throws IOException, BadInputException {
        Path file = path.resolve(TOPOLOGY).resolve("vms-" + name + ".csv");
        try (InputStream in = Files.newInputStream(file)) {
            return VmFile.read(file.toString(), in);
        }
    }

    public Trace openb() throws IOException, BadInputException {
        StringBuilder csv = new StringBuilder();
        try (BufferedReader pods = Files.newBufferedReader(path.resolve(PODS))) {
            OpenbTrace.convert(pods, csv);
        }
        return read("openb", csv);
    }

    static Trace read(String name, CharSequence csv) throws IOException, BadInputException {
        byte[] bytes = csv.toString().getBytes(StandardCharsets.UTF_8);
        return VmFile.read(name, new ByteArrayInputStream(bytes));
    }
}
