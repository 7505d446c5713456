package io.kelpie.controller.model;

import java.util.Optional;

/** A VM may run on hosts with the taint; without a value, whatever the taint's value is. */
public record Toleration(String key, Optional<String> value) {
    public boolean tolerates(Taint taint) {
        return key.equals(taint.key()) && (value.isEmpty() || value.get().equals(taint.value()));
    }
}
