package io.kelpie.controller.replay.input;

import java.util.List;

/** An input file is refused; nothing was run. */
public final class BadInputException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<InputProblem> problems;
    private final boolean complete;

    /**
     * @param problems in the order of the file, at least one
     * @param complete whether the file was read to its end, so that there are no more
     */
    BadInputException(List<InputProblem> problems, boolean complete) {
        super(problems.get(0).text());
        this.problems = List.copyOf(problems);
        this.complete = complete;
    }

    public List<InputProblem> problems() {
        return problems;
    }

    public boolean complete() {
        return complete;
    }
}
