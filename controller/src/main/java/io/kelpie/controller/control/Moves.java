package io.kelpie.controller.control;

import io.kelpie.controller.view.MovesView;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** One set of moves and how far it is. Belongs to the control thread. */
final class Moves {
    /** So many VMs that are not moved are named in the end. */
    private static final int NAMED_MAX = 5;

    private final String what;
    private final String subject;
    private final String drainedHostId;
    private final int atOnce;
    private final int total;
    private final Deque<MoveStep> waiting;
    private final Map<UUID, MoveStep> underWay = new LinkedHashMap<>();
    private final List<String> named = new ArrayList<>();
    private int done;
    private int left;

    /** An operator wants them ended. */
    boolean stopped;

    /** When it last got on, in monotonic nanoseconds. */
    long progressNanos;

    /**
     * @param subject as events name it
     * @param drainedHostId the host that is drained; empty if none is
     * @param atOnce most VMs that are on their way at once, at least 1
     */
    Moves(String what, String subject, String drainedHostId, List<MoveStep> steps, int atOnce, long nowNanos) {
        this.what = what;
        this.subject = subject;
        this.drainedHostId = drainedHostId;
        this.atOnce = atOnce;
        this.total = steps.size();
        this.waiting = new ArrayDeque<>(steps);
        this.progressNanos = nowNanos;
    }

    String what() {
        return what;
    }

    String subject() {
        return subject;
    }

    boolean isDrain() {
        return !drainedHostId.isEmpty();
    }

    String drainedHostId() {
        return drainedHostId;
    }

    boolean isOver() {
        return waiting.isEmpty() && underWay.isEmpty();
    }

    /** Steps on their way, in the order in which they began. */
    List<MoveStep> underWay() {
        return List.copyOf(underWay.values());
    }

    /** Steps that may begin now as far as waves and their number go. */
    List<MoveStep> next() {
        MoveStep first = waiting.peekFirst();
        if (first == null || underWay.values().stream().anyMatch(step -> step.wave() < first.wave())) {
            return List.of();
        }
        return waiting.stream().filter(step -> step.wave() == first.wave()).toList();
    }

    /** How many more may be on their way. */
    int room() {
        return atOnce - underWay.size();
    }

    void began(MoveStep step, long nowNanos) {
        waiting.remove(step);
        underWay.put(step.vmId(), step);
        progressNanos = nowNanos;
    }

    void done(MoveStep step, long nowNanos) {
        underWay.remove(step.vmId());
        done++;
        progressNanos = nowNanos;
    }

    /** It is not moved after all. */
    void left(MoveStep step, String name, String why, long nowNanos) {
        waiting.remove(step);
        underWay.remove(step.vmId());
        left++;
        if (named.size() < NAMED_MAX) {
            named.add(name + " " + why);
        }
        progressNanos = nowNanos;
    }

    MovesView.Progress progress() {
        return new MovesView.Progress(what, total, done, underWay.size(), left);
    }

    /** What became of it, in one sentence. */
    String summary() {
        StringBuilder text = new StringBuilder(done + " of " + total + (total == 1 ? " VM" : " VMs") + " moved");
        if (!named.isEmpty()) {
            text.append("; left: ").append(String.join(", ", named));
            if (left > named.size()) {
                text.append(" and ").append(left - named.size()).append(" more");
            }
        }
        int notBegun = waiting.size() + underWay.size();
        return notBegun == 0
                ? text.toString()
                : text.append("; ").append(notBegun).append(" not finished").toString();
    }
}
