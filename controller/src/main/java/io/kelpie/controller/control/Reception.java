package io.kelpie.controller.control;

import io.kelpie.controller.leadership.LeaderTerm;
import io.kelpie.controller.lease.Leases;
import io.kelpie.controller.store.StoredRecord;
import io.kelpie.proto.v1.ConfigRecord;
import io.kelpie.proto.v1.ControllerSet;
import io.kelpie.proto.v1.ControllerSetRecord;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostRecord;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The first part of a term: hosts are known, VMs are still being read. Hosts whose admission needs no write are welcomed
 * and may be granted; their instances are compared once all is read. All other hosts wait for that. Belongs to the
 * control thread.
 */
final class Reception {
    private final String clusterUuid;
    private final long epoch;
    private final Leases leases;
    private final Welcomes welcomes;
    private final ControllerSet controllerSet;
    private final Map<String, HostRecord> hosts = new HashMap<>();
    private final Map<String, AgentSession> present = new HashMap<>();
    private final Set<AgentSession> welcomed = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Begins to grant. */
    Reception(LeaderTerm term, LoadedHosts loaded, Leases leases, List<String> controllers) {
        this.clusterUuid = LoadedTerm.clusterUuid(loaded);
        this.epoch = term.epoch();
        this.leases = leases;
        this.welcomes = new Welcomes(clusterUuid, epoch, controllers, leases.times());
        this.controllerSet = loaded.controllers()
                .map(stored -> Records.parse(ControllerSetRecord.parser(), stored.value(), stored.key())
                        .getSet())
                .orElse(ControllerSet.getDefaultInstance());
        boolean frozen = loaded.config()
                .map(stored -> Records.parse(ConfigRecord.parser(), stored.value(), stored.key())
                        .hasFreeze())
                .orElse(false);
        leases.begin(term, controllerSet);
        for (StoredRecord stored : loaded.hosts()) {
            HostRecord host = Records.parse(HostRecord.parser(), stored.value(), stored.key());
            hosts.put(host.getHostId(), host);
            if (frozen && host.getUntilThaw()) {
                leases.grantUntilThaw(host.getHostId(), true);
            }
        }
    }

    /** Welcomes a host if nothing has to be written before it may be granted. */
    void connected(AgentSession session, Hello hello) {
        HostRecord host = hosts.get(hello.getHostId());
        boolean unchanged = host != null
                && hello.getClusterUuid().equals(clusterUuid)
                && hello.getHighestEpoch() <= epoch
                && hello.getHostName().equals(host.getName())
                && hello.getBootId().equals(host.getBootId())
                && !host.hasFencing();
        // A second stream beside one that is open waits until it can be told whether it is a twin's.
        if (unchanged && !present.containsKey(hello.getHostId())) {
            present.put(hello.getHostId(), session);
            welcomed.add(session);
            session.send(welcomes.message(controllerSet));
            leases.admit(hello.getHostId(), hello.getBootId(), session);
        }
    }

    /** A stream has ended: the host's next one is welcomed. */
    void closed(AgentSession session) {
        present.values().removeIf(open -> open == session);
    }

    /** Streams that need no further welcome. */
    Set<AgentSession> welcomed() {
        return welcomed;
    }
}
