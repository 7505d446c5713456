package io.kelpie.controller.replay.report;

import io.kelpie.controller.replay.ReplayHost;
import io.kelpie.controller.replay.ReplayReport;
import io.kelpie.controller.replay.Usage;
import java.util.Locale;

/**
 * Usage over time as comma-separated values. {@code time_s} is there if the trace tells times. Shares are of the whole
 * pool, in percent.
 */
public final class SeriesCsv {
    private static final double MILLIS_PER_SECOND = 1000;
    private static final double MIB_PER_GIB = 1024;

    private SeriesCsv() {}

    public static String of(ReplayReport report) {
        boolean timed = report.trace().timed();
        long vcpus = report.pool().hosts().stream().mapToLong(ReplayHost::vcpus).sum();
        long memoryMib =
                report.pool().hosts().stream().mapToLong(ReplayHost::memoryMib).sum();
        StringBuilder csv = new StringBuilder(timed ? "time_s," : "")
                .append("arrived,vms,vcpus_used,vcpus_percent,memory_used_gib,memory_percent,hosts_used\n");
        for (Usage usage : report.outcome().series().points()) {
            if (timed) {
                csv.append(decimal(usage.timeMillis() / MILLIS_PER_SECOND, 3)).append(',');
            }
            csv.append(usage.arrived())
                    .append(',')
                    .append(usage.vms())
                    .append(',')
                    .append(usage.vcpus())
                    .append(',')
                    .append(decimal(100.0 * usage.vcpus() / vcpus, 2))
                    .append(',')
                    .append(decimal(usage.memoryMib() / MIB_PER_GIB, 3))
                    .append(',')
                    .append(decimal(100.0 * usage.memoryMib() / memoryMib, 2))
                    .append(',')
                    .append(usage.hosts())
                    .append('\n');
        }
        return csv.toString();
    }

    private static String decimal(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }
}
