package io.kelpie.it.benchmark.packing;

import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.List;

/**
 * Turns the pods of Alibaba's cluster-trace-gpu-v2023 (openb) into a trace for {@code kelpie replay}: vCPUs rounded up to
 * whole ones, memory as it is but 1 MiB at least, from creation to deletion. Accelerators and node selectors are not
 * carried over. Pods that never ran, or that were deleted in the second of their creation, are left out.
 *
 * @param written rows of the trace
 * @param neverRan pods left out as they were never scheduled
 * @param withoutLifetime pods left out as they were deleted when they were created
 */
record OpenbTrace(int written, int neverRan, int withoutLifetime) {
    private static final List<String> HEADER = List.of(
            "name",
            "cpu_milli",
            "memory_mib",
            "num_gpu",
            "gpu_milli",
            "gpu_spec",
            "qos",
            "pod_phase",
            "creation_time",
            "deletion_time",
            "scheduled_time");

    private static final int MILLI = 1000;
    private static final BigDecimal MIB_PER_GIB = BigDecimal.valueOf(1024);

    /** Writes a header and a row for each pod that is kept. Fails on a file with other columns. */
    static OpenbTrace convert(BufferedReader pods, Appendable csv) throws IOException {
        String header = pods.readLine();
        if (header == null || !List.of(header.split(",", -1)).equals(HEADER)) {
            throw new IOException("not the pods of openb-2023: " + header);
        }
        csv.append("vm,vcpus,memory_gib,arrive_s,lifetime_s\n");
        int written = 0;
        int neverRan = 0;
        int withoutLifetime = 0;
        for (String line = pods.readLine(); line != null; line = pods.readLine()) {
            List<String> cells = List.of(line.split(",", -1));
            long created = Long.parseLong(cells.get(HEADER.indexOf("creation_time")));
            long deleted = Long.parseLong(cells.get(HEADER.indexOf("deletion_time")));
            if (cells.get(HEADER.indexOf("scheduled_time")).isEmpty()) {
                neverRan++;
            } else if (deleted <= created) {
                withoutLifetime++;
            } else {
                long cpuMilli = Long.parseLong(cells.get(HEADER.indexOf("cpu_milli")));
                csv.append(cells.get(HEADER.indexOf("name")))
                        .append(',')
                        .append(String.valueOf(Math.max(1, (cpuMilli + MILLI - 1) / MILLI)))
                        .append(',')
                        .append(gib(cells.get(HEADER.indexOf("memory_mib"))))
                        .append(',')
                        .append(String.valueOf(created))
                        .append(',')
                        .append(String.valueOf(deleted - created))
                        .append('\n');
                written++;
            }
        }
        return new OpenbTrace(written, neverRan, withoutLifetime);
    }

    /** Exact: a 1024th of a whole number has at most ten decimals. */
    private static String gib(String mib) {
        return new BigDecimal(mib)
                .max(BigDecimal.ONE)
                .divide(MIB_PER_GIB)
                .stripTrailingZeros()
                .toPlainString();
    }
}
