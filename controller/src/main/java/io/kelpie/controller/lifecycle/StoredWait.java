package io.kelpie.controller.lifecycle;

/** A wait whose begin and end are stored, by the wall clock of the controller that led then. Pure. */
public final class StoredWait {
    private StoredWait() {}

    /**
     * Whether it is over. A clock that shows less than it did at the begin has been set back since. Nobody knows then for
     * how long the wait has lasted, and it counts as over: else it would go on for as much as the clock was set back.
     *
     * @param sinceMillis when it began, in milliseconds since 1970
     * @param untilMillis when it ends, likewise
     * @param nowMillis what the clock shows
     */
    public static boolean isOver(long sinceMillis, long untilMillis, long nowMillis) {
        return nowMillis >= untilMillis || nowMillis < sinceMillis;
    }
}
