package io.kelpie.controller.model;

/** A job's name within its namespace. Ordered by namespace, then name. */
public record JobKey(String namespace, String name) implements Comparable<JobKey> {
    @Override
    public int compareTo(JobKey other) {
        int order = namespace.compareTo(other.namespace);
        return order != 0 ? order : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
