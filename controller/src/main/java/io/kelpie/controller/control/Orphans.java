package io.kelpie.controller.control;

import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.SparedInstance;
import java.util.Optional;

/** What an operator's decision on an orphan leads to. Belongs to the control thread. */
final class Orphans {
    private final ClusterEditor cluster;
    private final Commands commands;
    private final Adoption adoption;

    Orphans(ClusterEditor cluster, Commands commands, Adoption adoption) {
        this.cluster = cluster;
        this.commands = commands;
        this.adoption = adoption;
    }

    void adopt(HostEntry host, VmEntry vm, InstanceReport report, Unit unit) {
        vm.hostsWithInstances.add(host.id());
        adoption.adopt(host, vm, report, unit);
    }

    /** Kills a condemned instance, and removes what is left of one that has ended. */
    void end(HostEntry host, HostEntry.InstanceKey key) {
        if (host.session == null) {
            return;
        }
        Optional<VmEntry> vm = cluster.vm(key.vmId());
        if (host.isLive(key)) {
            host.session.send(commands.kill(key.vmId(), key.incarnation(), 0));
        } else if (vm.isPresent()) {
            host.session.send(commands.forgetInstance(key.vmId(), key.incarnation(), 0));
        } else {
            host.session.send(commands.forgetUnknown(key.vmId(), key.incarnation()));
        }
    }

    /** Why a VM must not be started: an instance of it is alive that its record does not explain. Empty: none is known. */
    Optional<String> besides(VmEntry vm) {
        for (String hostId : vm.hostsWithInstances) {
            HostEntry host = cluster.host(hostId).orElse(null);
            if (host == null) {
                continue;
            }
            for (HostEntry.InstanceKey key : host.orphans.keySet()) {
                if (key.vmId().equals(vm.id()) && host.isLive(key)) {
                    return Optional.of("instance " + key.incarnation() + " on " + host.name());
                }
            }
        }
        for (SparedInstance spared : vm.record().getSparedList()) {
            HostEntry host = cluster.host(spared.getHostId()).orElse(null);
            if (host != null && host.session == null && !isKnownDead(host)) {
                return Optional.of("instance " + spared.getIncarnation() + " on " + host.name());
            }
        }
        return Optional.empty();
    }

    private static boolean isKnownDead(HostEntry host) {
        return switch (host.record().getFencing().getCause()) {
            case CAUSE_POWERED_OFF, CAUSE_CONFIRMED_DEAD -> true;
            case CAUSE_LEASE_ENDED, CAUSE_UNSPECIFIED, UNRECOGNIZED -> false;
        };
    }
}
