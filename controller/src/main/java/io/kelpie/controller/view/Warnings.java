package io.kelpie.controller.view;

import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** What an operator should know as long as it is so, one sentence a subject. Thread-safe. */
public final class Warnings {
    private final NavigableMap<String, String> present = new ConcurrentSkipListMap<>();

    /** @return true if it was not so before */
    public boolean raise(String subject, String sentence) {
        return present.put(subject, sentence) == null;
    }

    /** @return true if it was so before */
    public boolean clear(String subject) {
        return present.remove(subject) != null;
    }

    /** All of them, as {@code subject: sentence}. */
    public List<String> list() {
        return present.entrySet().stream()
                .map(entry -> entry.getKey() + ": " + entry.getValue())
                .toList();
    }
}
