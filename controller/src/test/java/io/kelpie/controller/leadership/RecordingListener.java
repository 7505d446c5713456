package io.kelpie.controller.leadership;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Notes what a leadership says, and that it keeps to the order it promises. */
final class RecordingListener implements Leadership.Listener {
    private final List<LeaderTerm> began = new ArrayList<>();
    private final List<LeaderTerm> ended = new ArrayList<>();
    private final List<String> broken = new ArrayList<>();
    private @Nullable LeaderTerm present;

    @Override
    public synchronized void termBegan(LeaderTerm term) {
        if (present != null) {
            broken.add(term + " began during " + present);
        }
        present = term;
        began.add(term);
    }

    @Override
    public synchronized void termEnded(LeaderTerm term) {
        if (present != term) {
            broken.add(term + " ended, and the present one was " + present);
        }
        present = null;
        ended.add(term);
    }

    synchronized Optional<LeaderTerm> present() {
        return Optional.ofNullable(present);
    }

    synchronized List<LeaderTerm> began() {
        return List.copyOf(began);
    }

    synchronized List<LeaderTerm> ended() {
        return List.copyOf(ended);
    }

    synchronized List<String> broken() {
        return List.copyOf(broken);
    }
}
