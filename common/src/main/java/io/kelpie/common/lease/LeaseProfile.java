package io.kelpie.common.lease;

import java.util.Locale;

/**
 * The lease times that a cluster can run with, fixed when it is created: a leader counts on no earlier one having granted
 * a longer lease than its own.
 */
public enum LeaseProfile {
    /** For up to 2,000 hosts. */
    STANDARD(LeaseTimes.DEFAULT),
    /** For more. */
    LARGE(LeaseTimes.LARGE);

    private final LeaseTimes times;

    LeaseProfile(LeaseTimes times) {
        this.times = times;
    }

    public LeaseTimes times() {
        return times;
    }

    /** As it is written in configurations and records. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The profile of a word.
     *
     * @throws IllegalArgumentException if there is none; the message completes the sentence "give …"
     */
    public static LeaseProfile ofWord(String word) {
        for (LeaseProfile profile : values()) {
            if (profile.word().equals(word)) {
                return profile;
            }
        }
        throw new IllegalArgumentException("standard (up to 2,000 hosts) or large");
    }
}
