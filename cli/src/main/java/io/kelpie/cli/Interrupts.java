package io.kelpie.cli;

import java.util.Optional;

/** Says something when the operator ends a command that waits, watches or changes something. */
@FunctionalInterface
public interface Interrupts {
    /**
     * {@code farewell} runs if the process is told to end before the answer is closed.
     *
     * @throws CliException if the process already ends: what was to begin must not begin
     */
    Registration onInterrupt(Farewell farewell);

    /** The last words of a command. */
    @FunctionalInterface
    interface Farewell {
        /**
         * Says them; on a thread of its own, while the command's thread still runs.
         *
         * @return the exit code; empty: that of a process that a signal has ended
         */
        Optional<ExitCode> say();
    }

    /** Ends the interest. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }

    /** Ctrl-C and SIGTERM of this process. */
    static Interrupts process() {
        return farewell -> {
            Thread hook = new Thread(
                    () -> farewell.say().ifPresent(code -> Runtime.getRuntime().halt(code.code())), "farewell");
            try {
                Runtime.getRuntime().addShutdownHook(hook);
            } catch (IllegalStateException e) {
                throw new CliException(ExitCode.FAILED, "interrupted", null);
            }
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
