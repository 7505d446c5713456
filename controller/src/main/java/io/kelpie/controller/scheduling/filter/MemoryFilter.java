package io.kelpie.controller.scheduling.filter;

import io.kelpie.common.resources.QemuOverhead;
import io.kelpie.common.units.ByteSizes;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;

/** Memory is never overcommitted, and QEMU's own counts. */
final class MemoryFilter implements Filter {
    @Override
    public String rule() {
        return "memory";
    }

    @Override
    public boolean concerns(Ask ask) {
        return true;
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return Math.max(0, ask.reservation().memoryMib() - hosts.freeMemoryMib(host));
    }

    @Override
    public boolean bars(HostTable hosts, int host, Ask ask) {
        return false;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        HostView view = hosts.view(host);
        long asked = ask.reservation().memoryMib();
        long guest = ask.shape().guestMemoryMib();
        long free = Math.max(0, hosts.freeMemoryMib(host));
        long shortfall = distance(hosts, host, ask);
        long fitting = largestGuestMib(free, ask.shape().vcpus());
        String more = view.size().memoryMib() >= asked
                ? "free " + shortfall + " MiB on " + view.name()
                : "add a host with " + asked + " MiB free";
        if (ask.demand().hugepages() != null) {
            return Rejection.of(
                    view.name(),
                    asked + " MiB for QEMU, the guest's " + guest + " MiB are in hugepages",
                    free + " MiB",
                    shortfall + " MiB",
                    more);
        }
        return Rejection.of(
                view.name(),
                asked + " MiB (" + guest + " MiB for the guest, " + (asked - guest) + " MiB for QEMU)",
                free + " MiB",
                shortfall + " MiB",
                fitting > 0 ? "lower spec.vm.memory to " + ByteSizes.formatMib(fitting) + " or " + more : more);
    }

    /** The most memory that a guest can have so that it fits with QEMU's own; 0 if not even the least does. */
    static long largestGuestMib(long freeMib, int vcpus) {
        long low = 0;
        long high = freeMib;
        while (low < high) {
            long middle = low + (high - low + 1) / 2;
            if (QemuOverhead.memoryMib(middle, vcpus) <= freeMib) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }
}
