package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Names;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostRecord;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Decides whether an agent that presents itself belongs to this cluster, and takes what it says of its host into the
 * records. Belongs to the control thread.
 */
final class Admission {
    private final String clusterUuid;
    private final long epoch;
    private final ClusterEditor cluster;
    private final Promises promises;
    private final HostFencing fencing;

    Admission(String clusterUuid, long epoch, ClusterEditor cluster, Promises promises, HostFencing fencing) {
        this.clusterUuid = clusterUuid;
        this.epoch = epoch;
        this.cluster = cluster;
        this.promises = promises;
        this.fencing = fencing;
    }

    /**
     * The host of an agent, new or known, with what the agent says of it.
     *
     * @throws KelpieException if the agent is refused; nothing of its host is changed then
     */
    HostEntry admit(Hello hello, Unit unit) {
        if (!hello.getClusterUuid().isEmpty() && !hello.getClusterUuid().equals(clusterUuid)) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_CLUSTER,
                    "host " + hello.getHostName() + " belongs to cluster " + hello.getClusterUuid()
                            + ", this is cluster " + clusterUuid,
                    "point its agent at its own controllers, or give it a new data folder",
                    Map.of("expected", clusterUuid, "actual", hello.getClusterUuid()));
        }
        if (hello.getHighestEpoch() > epoch) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_WRONG_CLUSTER,
                    "host " + hello.getHostName() + " has obeyed epoch " + hello.getHighestEpoch()
                            + ", this leader's is " + epoch
                            + ": the store is older than what its hosts have seen",
                    "restore the store",
                    Map.of("expected", String.valueOf(hello.getHighestEpoch()), "actual", String.valueOf(epoch)));
        }
        if (!Names.isValid(hello.getHostName())) {
            throw KelpieException.invalidField(
                    "hostName", "'" + hello.getHostName() + "' is not a name", "give " + Names.RULE);
        }
        Optional<HostEntry> known = cluster.host(hello.getHostId());
        Optional<HostEntry> namesake = cluster.hostByName(hello.getHostName());
        if (namesake.isPresent() && !namesake.get().id().equals(hello.getHostId())) {
            throw KelpieException.invalidField(
                    "hostName",
                    "'" + hello.getHostName() + "' is the name of host "
                            + namesake.get().id(),
                    "give this host another hostName in its agent's configuration");
        }
        known.ifPresent(host -> checkTwin(host, hello));
        known.ifPresent(host -> checkBoot(host, hello));
        boolean sameBoot = known.map(host -> host.record().getBootId().equals(hello.getBootId()))
                .orElse(false);
        HostRecord record = known
                .map(HostEntry::record)
                .orElse(HostRecord.newBuilder()
                        .setHostId(hello.getHostId())
                        .setJoinedAtMillis(cluster.nowMillis())
                        .build())
                .toBuilder()
                .setName(hello.getHostName())
                .clearLabels()
                .putAllLabels(hello.getLabelsMap())
                .clearTaints()
                .addAllTaints(hello.getTaintsList())
                .setCapacity(hello.getCapacity())
                .setBootId(hello.getBootId())
                .clearFencing()
                // While the cluster is frozen its lease has no end; a former boot's lease ended with that boot.
                .setUntilThaw(cluster.config().hasFreeze()
                        || (sameBoot
                                && known.map(host -> host.record().getUntilThaw())
                                        .orElse(false)))
                .build();
        HostEntry host;
        if (known.isEmpty()) {
            host = cluster.createHost(record, unit);
            unit.then(() -> cluster.events().add(host.subject(), "HostJoined", "host joined the cluster"));
        } else {
            host = known.get();
            if (!record.equals(host.record())) {
                cluster.putHost(host, record, unit);
            }
        }
        putCapabilities(host, hello.getCapabilities(), unit);
        return host;
    }

    /** Two agents with one id and one boot: a copied data folder. The one that is heard stays. */
    private void checkTwin(HostEntry host, Hello hello) {
        AgentSession present = host.session;
        long patience = 2 * promises.leases().times().heartbeat().toNanos();
        if (present != null
                && host.ready
                && host.bootId.equals(hello.getBootId())
                && cluster.nowNanos() - present.lastHeardNanos() < patience) {
            throw inUse(
                    host,
                    "is connected already, and its agent is heard",
                    "if the agent's data folder was copied, give this agent an empty one; else it is taken as soon as the"
                            + " other is silent");
        }
    }

    /** A new boot proves nothing before the old boot's last lease has ended. */
    private void checkBoot(HostEntry host, Hello hello) {
        String former = host.record().getBootId();
        if (former.isEmpty()
                || former.equals(hello.getBootId())
                || host.record().hasFencing()) {
            return;
        }
        if (host.record().getUntilThaw()) {
            throw inUse(
                    host,
                    "may hold a lease without an end from its boot before, as the cluster is or was frozen",
                    "if the machine has really started anew, stop its agent for a minute, kelpie host confirm-dead "
                            + host.name() + ", and start the agent again");
        }
        if (!fencing.hasLeaseEnded(host)) {
            long seconds = Math.max(
                    1, TimeUnit.NANOSECONDS.toSeconds(promises.fenceableAtNanos(host.id()) - cluster.nowNanos()) + 1);
            throw inUse(
                    host,
                    "was granted a lease under another boot, which ends in " + seconds + " s at the latest",
                    "wait, it is taken then; if the machine was cloned, give the clone's agent an empty data folder");
        }
        fencing.fence(host, Fencing.Cause.CAUSE_LEASE_ENDED);
    }

    private static KelpieException inUse(HostEntry host, String why, String fix) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_HOST_ID_IN_USE,
                "host " + host.name() + " (id " + host.id() + ") " + why,
                fix,
                Map.of("host", host.name()));
    }

    /** Takes what a host can do into its record, if it differs. */
    void putCapabilities(HostEntry host, HostCapabilities capabilities, Unit unit) {
        if (!steady(capabilities).equals(steady(host.capabilities()))) {
            cluster.putCapabilities(host, capabilities, unit);
        }
    }

    /** Free space is an observation: it changes all the time and is not stored for its own sake. */
    private static HostCapabilities steady(HostCapabilities capabilities) {
        HostCapabilities.Builder steady = capabilities.toBuilder().clearCachedImages();
        steady.getPoolsBuilderList().forEach(pool -> pool.clearFreeMib());
        return steady.build();
    }
}
