package io.kelpie.controller.replay.report;

import io.kelpie.controller.replay.ReplayOutcome;
import io.kelpie.controller.replay.ReplayReport;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/** One JSON object on one line; its keys are part of the command's contract. */
public final class ReportJson {
    private ReportJson() {}

    public static String of(ReplayReport report) {
        ReplayOutcome outcome = report.outcome();
        StringJoiner object = new StringJoiner(",", "{", "}");
        object.add("\"placed\":" + outcome.placed());
        object.add("\"rejected\":" + counts(outcome.rejected()));
        object.add("\"hostsUsed\":" + outcome.hostsUsed());
        object.add("\"peakHostsUsed\":" + outcome.peakHostsUsed());
        report.minHosts().ifPresent(hosts -> object.add("\"minHosts\":" + hosts));
        object.add("\"decisionsPerSecond\":" + Math.round(outcome.decisionsPerSecond()));
        object.add("\"p50Micros\":" + micros(outcome.times().quantileMicros(0.5)));
        object.add("\"p99Micros\":" + micros(outcome.times().quantileMicros(0.99)));
        object.add("\"violations\":" + report.verdict().violations());
        return object.toString();
    }

    private static String counts(Map<String, Integer> counts) {
        StringJoiner object = new StringJoiner(",", "{", "}");
        counts.forEach((name, count) -> object.add(string(name) + ":" + count));
        return object.toString();
    }

    private static String micros(double micros) {
        return String.format(Locale.ROOT, "%.2f", micros);
    }

    private static String string(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (Character.isISOControl(c)) {
                json.append(String.format("\\u%04x", (int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }
}
