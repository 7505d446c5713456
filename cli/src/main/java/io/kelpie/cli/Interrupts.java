package io.kelpie.cli;

/** Says something when the operator ends a command that waits or watches. */
@FunctionalInterface
public interface Interrupts {
    /** {@code farewell} runs if the process is told to end before the answer is closed. */
    Registration onInterrupt(Runnable farewell);

    /** Ends the interest. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /** Ctrl-C and SIGTERM of this process. */
    static Interrupts process() {
        return farewell -> {
            Thread hook = new Thread(farewell, "farewell");
            Runtime.getRuntime().addShutdownHook(hook);
            return () -> {
                try {
                    Runtime.getRuntime().removeShutdownHook(hook);
                } catch (IllegalStateException e) {
                    // The process already ends: the farewell is being said.
                    hook.interrupt();
                }
            };
        };
    }
}
