package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.common.id.Names;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostRecord;
import java.util.Map;
import java.util.Optional;

/**
 * Decides whether an agent that presents itself belongs to this cluster, and takes what it says of its host into the
 * records. Belongs to the control thread.
 */
final class Admission {
    private final String clusterUuid;
    private final long epoch;
    private final ClusterEditor cluster;

    Admission(String clusterUuid, long epoch, ClusterEditor cluster) {
        this.clusterUuid = clusterUuid;
        this.epoch = epoch;
        this.cluster = cluster;
    }

    /**
     * The host of an agent, new or known, with what the agent says of it.
     *
     * @throws KelpieException if the agent is refused; nothing is changed then
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
        if (known.isPresent()
                && known.get().ready
                && known.get().session != null
                && !known.get().bootId.equals(hello.getBootId())) {
            throw new KelpieException(
                    ErrorReason.ERROR_REASON_HOST_ID_IN_USE,
                    "host id " + hello.getHostId() + " is connected from another boot",
                    "if the machine was cloned, give the clone's agent an empty data folder");
        }
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
                .setCapacity(hello.getCapacity())
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

    /** Takes what a host can do into its record, if it differs. */
    void putCapabilities(HostEntry host, HostCapabilities capabilities, Unit unit) {
        if (!steady(capabilities).equals(steady(host.capabilities()))) {
            cluster.putCapabilities(host, capabilities, unit);
        }
    }

    /** Free space is an observation: it changes all the time and is not stored for its own sake. */
    private static HostCapabilities steady(HostCapabilities capabilities) {
        HostCapabilities.Builder steady = capabilities.toBuilder();
        steady.getPoolsBuilderList().forEach(pool -> pool.clearFreeMib());
        return steady.build();
    }
}
