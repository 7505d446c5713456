package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.HostTable;
import java.util.Optional;

/** A VM with a kept local disk runs where that disk lies. No other host is nearer than any other. */
final class DiskLocationFilter implements Filter {
    @Override
    public String rule() {
        return "disk-location";
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.isBound();
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        return !ask.isBound() || host == ask.boundHost() ? 0 : REJECTED;
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String disk = "disk " + ask.boundDisk();
        if (ask.boundHost() == HostTable.UNKNOWN) {
            String id = ask.boundToHost().orElse("unknown");
            return new Rejection(
                    Optional.empty(),
                    "data of " + disk + " is on host " + id,
                    "host " + id + " is not in the cluster",
                    "",
                    "bring host " + id + " back, or delete the VM with --delete-disks and create it anew");
        }
        String home = hosts.view(ask.boundHost()).name();
        return new Rejection(
                Optional.empty(),
                "data of " + disk + " is on " + home,
                "only " + home + " has it",
                "",
                "see which rule keeps " + home + " out, or keep " + disk + " on a shared pool");
    }
}
