package io.kelpie.agent.link;

import io.kelpie.agent.fencing.EpochStore;
import io.kelpie.agent.fencing.EpochStore.Verdict;
import io.kelpie.agent.instance.ControllerSink;
import io.kelpie.agent.link.ControllerLink.Surroundings;
import io.kelpie.proto.v1.Hello;
import io.kelpie.proto.v1.InstanceReport;
import io.kelpie.proto.v1.Welcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is said before a leader is obeyed: who this host is, and whether it obeys who welcomes it. Belongs to the loop. */
final class Greeting {
    private static final Logger LOG = LoggerFactory.getLogger(Greeting.class);

    /** A Hello above this is sent without what hypervisors wrote before they ended. gRPC's limit is 4 MiB. */
    private static final int HELLO_BYTES_MAX = 3 * 1024 * 1024;

    private final Surroundings with;
    private final HostDescription host;

    Greeting(Surroundings with, HostDescription host) {
        this.with = with;
        this.host = host;
    }

    /** From now on instances report to {@code sink}. */
    Hello hello(ControllerSink sink) {
        Hello.Builder hello = Hello.newBuilder()
                .setClusterUuid(with.epochs().cluster().map(UUID::toString).orElse(""))
                .setHostId(host.hostId())
                .setHostName(host.hostName())
                .setBootId(host.bootId())
                .setVersion(host.version())
                .setHighestEpoch(with.epochs().highest())
                .setLineage(with.lease().heldLineage())
                .setCapabilities(host.capabilities().get())
                .setCapacity(host.capacity().get())
                .putAllLabels(host.labels())
                .addAllTaints(host.taints());
        List<InstanceReport> reports = with.instances().attach(sink);
        Hello whole = hello.clone().addAllInstances(reports).build();
        if (whole.getSerializedSize() <= HELLO_BYTES_MAX) {
            return whole;
        }
        List<InstanceReport> shorter = new ArrayList<>(reports);
        shorter.replaceAll(report -> {
            InstanceReport.Builder builder = report.toBuilder();
            if (report.hasExit()) {
                builder.getExitBuilder().clearStderrTail();
            }
            return builder.build();
        });
        return hello.addAllInstances(shorter).build();
    }

    /**
     * Judges who says Welcome, and has it on disk if it is obeyed.
     *
     * @param judged called on the loop: empty if it is obeyed, else why not
     */
    void judge(Welcome welcome, Consumer<Optional<String>> judged) {
        UUID cluster;
        try {
            cluster = UUID.fromString(welcome.getClusterUuid());
        } catch (IllegalArgumentException e) {
            judged.accept(Optional.of("it names no cluster"));
            return;
        }
        EpochStore epochs = with.epochs();
        with.workers()
                .submit(
                        "judge a leader",
                        () -> epochs.welcome(cluster, welcome.getEpoch()),
                        outcome -> outcome.handle(verdict -> judged.accept(objection(welcome, verdict)), failure -> {
                            LOG.error("cannot record the leader's epoch", failure);
                            judged.accept(Optional.of("its epoch cannot be written to disk: " + failure.getMessage()));
                        }));
    }

    private static Optional<String> objection(Welcome welcome, Verdict verdict) {
        if (verdict instanceof Verdict.LowerEpoch lower) {
            return Optional.of(
                    "its epoch " + welcome.getEpoch() + " has ended; this host obeys epoch " + lower.highest());
        }
        if (verdict instanceof Verdict.OtherCluster other) {
            return Optional.of("it leads cluster " + welcome.getClusterUuid() + ", and this host belongs to cluster "
                    + other.own() + ". Fix: correct `controllers` in the agent's configuration");
        }
        return Optional.empty();
    }
}
