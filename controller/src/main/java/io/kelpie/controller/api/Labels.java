package io.kelpie.controller.api;

import java.util.Map;

/** Selection by labels. */
final class Labels {
    private Labels() {}

    /** Whether all asked labels are there with the asked values. */
    static boolean match(Map<String, String> labels, Map<String, String> asked) {
        return asked.entrySet().stream().allMatch(entry -> entry.getValue().equals(labels.get(entry.getKey())));
    }
}
