package io.kelpie.controller.replay;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Where a VM may be with regard to the other members of its group that are placed at that moment. */
public enum Strategy {
    /** Anywhere; the VM has no group. */
    NONE("none"),
    /** On the one host where its group is. The first member may go anywhere. */
    AFFINITY("affinity"),
    /** On a host without any other member of its group. */
    ANTI_AFFINITY("anti-affinity"),
    /** In a rack without any member of its group that has another domain. */
    FAULT_DOMAIN("fault_domain");

    private static final Map<String, Strategy> BY_WORD =
            Arrays.stream(values()).collect(Collectors.toUnmodifiableMap(Strategy::word, Function.identity()));
    private static final List<String> WORDS =
            Arrays.stream(values()).map(Strategy::word).toList();

    private final String word;

    Strategy(String word) {
        this.word = word;
    }

    /** As files spell it. */
    public String word() {
        return word;
    }

    /** Empty if no strategy is spelt so. */
    public static Optional<Strategy> of(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }

    /** All of them, as files spell them. */
    public static List<String> words() {
        return WORDS;
    }
}
