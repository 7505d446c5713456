package io.kelpie.it.simulation;

/** Takes what checkers find. The first finding ends the run. */
final class Violations {
    /** A run has found something that must never be. An error, so that no code under test takes it for its own. */
    static final class Found extends Error {
        private static final long serialVersionUID = 1;

        final String checker;

        Found(String checker, String what) {
            super(checker + ": " + what, null, false, false);
            this.checker = checker;
        }
    }

    private final World world;

    Violations(World world) {
        this.world = world;
    }

    void found(Object checker, String what) {
        String name = checker instanceof String text ? text : checker.getClass().getSimpleName();
        world.note("VIOLATION " + name + ": " + what);
        throw new Found(name, what);
    }
}
