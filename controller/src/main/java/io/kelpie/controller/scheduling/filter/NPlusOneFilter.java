package io.kelpie.controller.scheduling.filter;

import io.kelpie.controller.scheduling.engine.Ask;
import io.kelpie.controller.scheduling.engine.Demand;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Shortage;
import java.util.Optional;

/**
 * The cluster stays able to restart the VMs of any one host: the VM takes no room that is kept for those of a lost
 * host, and there is another host that keeps room for it. A host that lacks room is nearer than one whose loss it would
 * not survive. A VM of a lost host takes none of the room that was kept for the others: it goes where its own was kept.
 */
final class NPlusOneFilter implements Filter {
    private static final long NO_BACKUP = 1L << 40;
    private static final long ELSEWHERE = 1L << 41;
    private static final long MIB_PER_VCPU = 1024;

    @Override
    public String rule() {
        return "n-plus-1";
    }

    @Override
    public Scope scope() {
        return Scope.RESERVE;
    }

    @Override
    public boolean concerns(Ask ask) {
        return ask.reserve().holds(ask);
    }

    @Override
    public long distance(HostTable hosts, int host, Ask ask) {
        if (!concerns(ask)) {
            return 0;
        }
        if (ask.reserve().waits(ask)) {
            return host == ask.preferredHost() ? 0 : ELSEWHERE;
        }
        long room = missingMib(hosts, host, ask.demand()) + MIB_PER_VCPU * missingVcpus(hosts, host, ask.demand());
        if (room > 0) {
            return room;
        }
        if (!ask.reserve().hasRoomFor(ask, host)) {
            return REJECTED;
        }
        return ask.reserve().allows(host, ask) ? 0 : NO_BACKUP;
    }

    private static long missingVcpus(HostTable hosts, int host, Demand demand) {
        return Math.max(0, demand.vcpus() - hosts.roomVcpus(host));
    }

    private static long missingMib(HostTable hosts, int host, Demand demand) {
        return Math.max(0, demand.memoryMib() - hosts.roomMemoryMib(host));
    }

    @Override
    public Rejection rejection(HostTable hosts, int host, Ask ask) {
        String name = hosts.view(host).name();
        if (ask.reserve().waits(ask)) {
            String kept = hosts.view(ask.preferredHost()).name();
            return Rejection.of(
                    name,
                    "the host that room was kept on, " + kept,
                    kept + " is starting " + hosts.startsInFlight(ask.preferredHost()) + " others",
                    "",
                    "wait, it is started on " + kept + " as soon as one of them runs");
        }
        Optional<Shortage> shortage = ask.reserve().shortage(ask, host);
        if (shortage.isPresent()) {
            return kept(name, shortage.get());
        }
        String size = ask.demand().vcpus() + " vCPUs and " + ask.demand().memoryMib() + " MiB";
        return Rejection.of(
                name,
                "another host that could start it, " + size + ", if " + name + " is lost",
                "none has the room beside the other VMs of " + name + " and satisfies the VM's rules",
                "",
                "free " + size + " on a host that satisfies them, or add one");
    }

    private static Rejection kept(String host, Shortage shortage) {
        String missing = shortage.asked() - shortage.room() + " " + shortage.of();
        return Rejection.of(
                host,
                shortage.asked() + " " + shortage.of() + " beside what is kept for the VMs of a lost host",
                shortage.room() + " of " + shortage.free() + " free",
                missing,
                "free " + missing + " on " + host + ", or add a host");
    }
}
