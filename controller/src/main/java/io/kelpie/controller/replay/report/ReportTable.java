package io.kelpie.controller.replay.report;

import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayReport;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A line for each figure, for people. */
public final class ReportTable {
    private ReportTable() {}

    public static String of(ReplayReport report) {
        ReplayOutcome outcome = report.outcome();
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("VMS", String.valueOf(report.trace().vms().size()));
        lines.put("PLACED", String.valueOf(outcome.placed()));
        lines.put("REJECTED", String.valueOf(outcome.rejections()));
        outcome.rejected().forEach((rule, count) -> lines.put("  by " + rule, String.valueOf(count)));
        lines.put("HOSTS", String.valueOf(report.pool().hosts().size()));
        lines.put("HOSTS USED", String.valueOf(outcome.hostsUsed()));
        lines.put("HOSTS USED AT THE PEAK", String.valueOf(outcome.peakHostsUsed()));
        report.minHosts().ifPresent(hosts -> lines.put("FEWEST HOSTS", String.valueOf(hosts)));
        lines.put("PLACEMENTS A SECOND", String.format(Locale.ROOT, "%,d", Math.round(outcome.decisionsPerSecond())));
        lines.put("DECISION, MEDIAN", micros(outcome.times().quantileMicros(0.5)));
        lines.put("DECISION, 99 %", micros(outcome.times().quantileMicros(0.99)));
        lines.put("VIOLATIONS", String.valueOf(report.verdict().violations()));
        int width = lines.keySet().stream().mapToInt(String::length).max().orElse(0);
        StringBuilder table = new StringBuilder();
        lines.forEach((name, value) -> table.append(name)
                .append(" ".repeat(width - name.length() + 3))
                .append(value)
                .append('\n'));
        return table.toString();
    }

    private static String micros(double micros) {
        return String.format(Locale.ROOT, "%.2f µs", micros);
    }
}
