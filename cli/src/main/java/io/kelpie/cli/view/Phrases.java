package io.kelpie.cli.view;

import com.google.protobuf.ProtocolMessageEnum;
import io.kelpie.common.units.ByteSizes;
import io.kelpie.proto.v1.InstanceExit;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Words for values that several views show. */
final class Phrases {
    private Phrases() {}

    /** An enum constant without its prefix, e.g. {@code RUNNING}. */
    static String upper(ProtocolMessageEnum constant, String prefix) {
        String name = ((Enum<?>) constant).name();
        return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    }

    /** An enum constant without its prefix, as a phrase, e.g. {@code guest shutdown}. */
    static String lower(ProtocolMessageEnum constant, String prefix) {
        return upper(constant, prefix).toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    static String labels(Map<String, String> labels) {
        return labels.isEmpty()
                ? "-"
                : new TreeMap<>(labels)
                        .entrySet().stream()
                                .map(e -> e.getKey() + "=" + e.getValue())
                                .collect(Collectors.joining(","));
    }

    static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    static String vms(long count) {
        return count == 1 ? "1 VM" : count + " VMs";
    }

    static String memory(long mib) {
        return ByteSizes.formatMib(mib);
    }

    /** MiB in the unit that reads best, with one decimal if it is not whole. */
    static String about(long mib) {
        if (mib < 10 * 1024) {
            return mib % 1024 == 0 && mib > 0 ? mib / 1024 + "Gi" : mib + "Mi";
        }
        long tenths = Math.round(mib * 10.0 / 1024);
        return tenths % 10 == 0 ? tenths / 10 + "Gi" : tenths / 10 + "." + tenths % 10 + "Gi";
    }

    /** How an instance ended, on one line. */
    static String exit(InstanceExit exit) {
        StringBuilder text = new StringBuilder(lower(exit.getReason(), "EXIT_REASON_"));
        if (exit.getSignal() != 0) {
            text.append(", signal ").append(exit.getSignal());
        } else if (exit.getExitCode() != 0) {
            text.append(", exit code ").append(exit.getExitCode());
        }
        if (exit.getRungValue() != 0) {
            text.append(", by ").append(lower(exit.getRung(), "STOP_RUNG_"));
        }
        if (!exit.getMessage().isEmpty()) {
            text.append(": ").append(exit.getMessage());
        }
        return text.toString();
    }
}
