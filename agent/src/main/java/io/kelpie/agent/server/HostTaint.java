package io.kelpie.agent.server;

import io.kelpie.common.id.LabelText;
import io.kelpie.common.yaml.QuotedText;
import io.kelpie.common.yaml.YamlMap;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Keeps VMs away from this host that do not tolerate it. Its effect is {@code noSchedule}; there is no other.
 *
 * @param key of the form of a label's
 * @param value of the form of a label's; may be empty
 */
record HostTaint(String key, String value) {
    private static final int TAINTS_MAX = 16;
    private static final String NO_SCHEDULE = "noSchedule";

    /** Reads {@code taints}. */
    static List<HostTaint> parseAll(YamlMap yaml) {
        List<HostTaint> taints = new ArrayList<>();
        Set<String> keys = new HashSet<>();
        for (YamlMap map : yaml.maps("taints")) {
            HostTaint taint = parse(map);
            if (!keys.add(taint.key())) {
                throw map.invalid("key", "taint " + taint.key() + " stands twice", "give each taint a key of its own");
            }
            taints.add(taint);
        }
        if (taints.size() > TAINTS_MAX) {
            throw yaml.invalid("taints", taints.size() + " are too many", "give at most " + TAINTS_MAX);
        }
        return List.copyOf(taints);
    }

    private static HostTaint parse(YamlMap map) {
        String key = map.requiredString("key");
        if (!LabelText.isValid(key)) {
            throw map.invalid("key", QuotedText.of(key) + " is no key", "give " + LabelText.RULE);
        }
        String value = map.string("value", "");
        if (!value.isEmpty() && !LabelText.isValid(value)) {
            throw map.invalid(
                    "value", QuotedText.of(value) + " is no value", "give " + LabelText.RULE + ", or leave it out");
        }
        String effect = map.string("effect", NO_SCHEDULE);
        if (!effect.equals(NO_SCHEDULE)) {
            throw map.invalid("effect", QuotedText.of(effect) + " is not known", "give " + NO_SCHEDULE);
        }
        map.rejectUnknown();
        return new HostTaint(key, value);
    }
}
