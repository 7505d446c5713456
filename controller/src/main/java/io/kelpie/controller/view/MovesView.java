package io.kelpie.controller.view;

import java.util.List;

/** What operators see of VMs that are being moved. Thread-safe. */
public final class MovesView {
    /**
     * How far one set of moves is.
     *
     * @param what what they are for: {@code drain host/h1}, or {@code rebalance}
     * @param total moves in all
     * @param done VMs that run on another host
     * @param underWay VMs that are on their way
     * @param left VMs that were not moved after all
     */
    public record Progress(String what, int total, int done, int underWay, int left) {}

    private volatile List<Progress> present = List.of();

    public void show(List<Progress> moves) {
        present = List.copyOf(moves);
    }

    /** Those that go on, in the order in which they began. */
    public List<Progress> present() {
        return present;
    }
}
