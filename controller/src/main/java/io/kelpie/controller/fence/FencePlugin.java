package io.kelpie.controller.fence;

/** Powers hosts off. Thread-safe; several hosts at a time. */
public interface FencePlugin {
    /**
     * Powers a host off. Blocks until it is confirmed to be off, or that cannot be had within the plug-in's own time limit.
     *
     * @throws FenceFailedException if the host is not confirmed to be off; it may be off nevertheless, or go off later
     * @throws InterruptedException if this thread was interrupted; nothing of the plug-in runs any more
     */
    void powerOff(FenceTarget target) throws FenceFailedException, InterruptedException;
}
