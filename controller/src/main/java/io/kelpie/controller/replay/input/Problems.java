package io.kelpie.controller.replay.input;

import java.util.ArrayList;
import java.util.List;

/** Collects the faults of one file, up to a bound. */
final class Problems {
    static final int MAX = 20;

    private final String file;
    private final List<InputProblem> found = new ArrayList<>();

    Problems(String file) {
        this.file = file;
    }

    /** Those beyond the bound are left out. */
    void add(long line, int column, String columnName, String reason, String fix) {
        if (!full()) {
            found.add(new InputProblem(file, line, column, columnName, reason, fix));
        }
    }

    boolean full() {
        return found.size() >= MAX;
    }

    boolean none() {
        return found.isEmpty();
    }

    /** @param complete whether the file was read to its end */
    void throwIfAny(boolean complete) throws BadInputException {
        if (!none()) {
            throw new BadInputException(found, complete && !full());
        }
    }
}
