package io.kelpie.controller.scheduling.engine;

import java.util.List;
import java.util.Optional;

/** For a cluster that does without. */
final class NoReserve implements Reserve {
    @Override
    public void settle() {}

    @Override
    public void settleFor(Ask ask) {}

    @Override
    public void settleAll() {}

    @Override
    public void suspend() {}

    @Override
    public void setAside(int instance) {}

    @Override
    public void putBack(int instance) {}

    @Override
    public void resume() {}

    @Override
    public boolean yieldsTo(Ask ask) {
        return false; // there is nothing to yield: a second search would find no more
    }

    @Override
    public boolean holds(Ask ask) {
        return false;
    }

    @Override
    public boolean takesBack(Ask ask) {
        return false;
    }

    @Override
    public boolean waits(Ask ask) {
        return false;
    }

    @Override
    public boolean allows(int host, Ask ask) {
        return true;
    }

    @Override
    public boolean hasRoomFor(Ask ask, int host) {
        return true;
    }

    @Override
    public Optional<Shortage> shortage(Ask ask, int host) {
        return Optional.empty();
    }

    @Override
    public int fittingNumaNodes(int host, Demand demand) {
        return 0;
    }

    @Override
    public int backupOf(int instance) {
        return HostTable.UNKNOWN;
    }

    @Override
    public int unprotected() {
        return 0;
    }

    @Override
    public List<Integer> takeEased() {
        return List.of();
    }

    @Override
    public void entered(int instance, boolean placed) {}

    @Override
    public void leaving(int instance) {}

    @Override
    public void left() {}

    @Override
    public void changed(int host, boolean traitsChanged, boolean domainsChanged) {}

    @Override
    public void removing(int host) {}
}
