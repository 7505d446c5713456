package io.kelpie.controller.replay;

/**
 * A VM and its times.
 *
 * @param arrivesMillis milliseconds from the begin of the trace, 0 or more
 * @param leavesMillis later than its arrival; {@link #NEVER} if it stays
 */
public record TraceVm(ReplayVm vm, long arrivesMillis, long leavesMillis) {
    public static final long NEVER = Long.MAX_VALUE;
}
