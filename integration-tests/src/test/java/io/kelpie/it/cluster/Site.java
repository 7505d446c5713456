package io.kelpie.it.cluster;

import java.util.List;
import java.util.Map;

/** Where the processes of a cluster run, and how they reach each other. */
public interface Site {
    /** An address {@code host:port} of a process, for it to listen on; another one with every call. */
    String address(String process);

    /** The command that runs a process's program there. */
    List<String> command(String process, List<String> program);

    /** What the process's environment has besides. */
    Map<String, String> environment(String process);

    /** Whether all addresses are loopback ones. */
    boolean isLoopback();

    /** All processes side by side, on free ports of the loopback address. */
    static Site loopback() {
        return new Site() {
            @Override
            public String address(String process) {
                return Ports.freeAddress();
            }

            @Override
            public List<String> command(String process, List<String> program) {
                return program;
            }

            @Override
            public Map<String, String> environment(String process) {
                return Map.of();
            }

            @Override
            public boolean isLoopback() {
                return true;
            }
        };
    }
}
