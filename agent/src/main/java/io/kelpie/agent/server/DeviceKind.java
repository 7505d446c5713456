package io.kelpie.agent.server;

import io.kelpie.common.id.Names;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Devices of one kind that this host gives to VMs.
 *
 * @param count how many
 * @param addresses their PCI addresses, as many as {@code count}; empty: the devices are stated for rehearsals
 */
record DeviceKind(int count, List<String> addresses) {
    private static final int KINDS_MAX = 64;
    private static final int DEVICES_MAX = 1024;
    private static final Pattern ADDRESS = Pattern.compile("[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");

    DeviceKind {
        addresses = List.copyOf(addresses);
    }

    /**
     * Reads {@code devices}.
     *
     * @param rehearsal whether this host takes rehearsed VMs: a count stands for no real device
     */
    static SortedMap<String, DeviceKind> parseAll(YamlMap yaml, boolean rehearsal) {
        YamlMap map = yaml.optionalMap("devices");
        if (map == null) {
            return Collections.emptySortedMap();
        }
        SortedMap<String, DeviceKind> kinds = new TreeMap<>();
        Set<String> known = new HashSet<>();
        for (String kind : map.keys()) {
            if (!Names.isValid(kind)) {
                throw map.invalid(kind, QuotedText.of(kind) + " is no kind", "give " + Names.RULE);
            }
            kinds.put(kind, map.isList(kind) ? listed(map, kind, known) : counted(map, kind, rehearsal));
        }
        if (kinds.size() > KINDS_MAX) {
            throw yaml.invalid("devices", kinds.size() + " kinds are too many", "give at most " + KINDS_MAX);
        }
        return Collections.unmodifiableSortedMap(kinds);
    }

    private static DeviceKind counted(YamlMap map, String kind, boolean rehearsal) {
        map.requiredString(kind);
        int count = (int) map.integer(kind, 0, 0, DEVICES_MAX);
        if (!rehearsal) {
            throw map.invalid(
                    kind,
                    "a count stands for no real device",
                    "list the devices' PCI addresses, e.g. " + kind + ": [\"0000:3b:00.0\"]; counts are for hosts with"
                            + " driver fake");
        }
        return new DeviceKind(count, List.of());
    }

    private static DeviceKind listed(YamlMap map, String kind, Set<String> known) {
        List<String> addresses = map.strings(kind).stream()
                .map(address -> address.toLowerCase(Locale.ROOT))
                .toList();
        for (String address : addresses) {
            if (!ADDRESS.matcher(address).matches()) {
                throw map.invalid(
                        kind,
                        QuotedText.of(address) + " is no PCI address",
                        "give addresses as `lspci -D` prints them, e.g. \"0000:3b:00.0\"");
            }
            if (!known.add(address)) {
                throw map.invalid(kind, address + " stands twice", "name each device once");
            }
        }
        if (addresses.size() > DEVICES_MAX) {
            throw map.invalid(kind, addresses.size() + " are too many", "give at most " + DEVICES_MAX);
        }
        return new DeviceKind(addresses.size(), addresses);
    }
}
