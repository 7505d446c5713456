package io.kelpie.controller.model;

/** Keeps VMs that do not tolerate it away from a host. The value may be empty. */
public record Taint(String key, String value) {
    @Override
    public String toString() {
        return value.isEmpty() ? key : key + "=" + value;
    }
}
