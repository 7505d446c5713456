package io.kelpie.controller.view;

import io.kelpie.controller.model.JobKey;
import java.util.Optional;

/** A VM's place among all: its job, then its ordinal. */
public record VmName(JobKey job, int ordinal) implements Comparable<VmName> {
    /** Reads {@code web-0}; empty if the text is no VM's name. */
    public static Optional<VmName> parse(String namespace, String name) {
        int dash = name.lastIndexOf('-');
        String digits = name.substring(dash + 1);
        boolean number = digits.matches("0|[1-9][0-9]{0,4}");
        if (dash < 1 || !number) {
            return Optional.empty();
        }
        return Optional.of(new VmName(new JobKey(namespace, name.substring(0, dash)), Integer.parseInt(digits)));
    }

    /** {@code web-0}. */
    public String name() {
        return job.name() + "-" + ordinal;
    }

    @Override
    public int compareTo(VmName other) {
        int order = job.compareTo(other.job);
        return order != 0 ? order : Integer.compare(ordinal, other.ordinal);
    }

    @Override
    public String toString() {
        return job.namespace() + "/" + name();
    }
}
