package io.kelpie.controller.model;

import java.util.List;

/** A host must have the label with one of the values. */
public record LabelRequirement(String label, List<String> in) {
    public LabelRequirement {
        in = List.copyOf(in);
    }
}
