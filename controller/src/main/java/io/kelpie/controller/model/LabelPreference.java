package io.kelpie.controller.model;

import java.util.List;

/**
 * A host that has the label with one of the values is better than one that has not.
 *
 * @param weight 1 to 100
 */
public record LabelPreference(String label, List<String> in, int weight) {
    public LabelPreference {
        in = List.copyOf(in);
    }
}
