package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.ProtoTree;
import io.kelpie.cli.output.Tone;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostCapabilities;
import java.util.List;
import java.util.Map;

/** How hosts are listed. */
public final class HostResource implements Resource<Host> {
    private final TimeSource clock;

    public HostResource(TimeSource clock) {
        this.clock = clock;
    }

    @Override
    public List<Column<Host>> columns() {
        return List.of(
                Column.of("NAME", host -> host.getRecord().getName()),
                Column.<Host>of("HEALTH", host -> Phrases.upper(host.getHealth(), "HOST_HEALTH_"))
                        .toned(HostResource::tone),
                Column.number(
                        "CPUS", host -> (long) host.getRecord().getCapacity().getCpus()),
                Column.<Host>of("VCPUS", HostPhrases::vcpus)
                        .orderedBy(host -> host.getReserved().getVcpus()),
                Column.<Host>of("MEMORY", HostPhrases::memory)
                        .orderedBy(host -> host.getReserved().getMemoryMib()),
                Column.number("VMS", host -> (long) host.getInstances()),
                Column.of("KVM", host -> HostPhrases.kvm(host.getCapabilities())),
                Column.of("DRIVERS", host -> HostPhrases.drivers(host.getCapabilities())),
                Column.<Host>of("CORDONED", host -> host.getRecord().getCordoned() ? "yes" : "no")
                        .toned(host -> host.getRecord().getCordoned() ? Tone.WAITING : Tone.PLAIN),
                Column.<Host>number("LEASED", host -> (long) host.getLeasedInstances())
                        .wide(),
                Column.<Host>of("LEASE", host -> host.getLeased() ? "held" : "none")
                        .wide(),
                Column.<Host>of("AGE", host -> Ages.between(host.getRecord().getJoinedAtMillis(), clock.wallMillis()))
                        .orderedBy(host -> -host.getRecord().getJoinedAtMillis())
                        .wide(),
                Column.<Host>of(
                                "LABELS",
                                host -> Phrases.labels(host.getRecord().getLabelsMap()))
                        .wide(),
                Column.<Host>of("TAINTS", HostPhrases::taints).wide(),
                Column.<Host>number("NUMA", host ->
                                (long) host.getRecord().getCapacity().getNumaNodesCount())
                        .wide(),
                Column.<Host>of(
                                "HUGEPAGES",
                                host -> HostPhrases.hugepages(
                                        host.getRecord().getCapacity().getHugepagesList()))
                        .wide(),
                Column.<Host>of(
                                "DEVICES",
                                host -> HostPhrases.devices(host.getRecord().getCapacity()))
                        .wide(),
                Column.<Host>of("AGENT", host -> Phrases.orDash(host.getAgentVersion()))
                        .wide(),
                Column.<Host>of(
                                "KERNEL",
                                host -> Phrases.orDash(host.getCapabilities().getKernel()))
                        .wide(),
                Column.<Host>of("HOST-ID", host -> host.getRecord().getHostId()).wide());
    }

    private static Tone tone(Host host) {
        return switch (host.getHealth()) {
            case HOST_HEALTH_READY -> Tone.GOOD;
            case HOST_HEALTH_SUSPECT, HOST_HEALTH_FENCED, HOST_HEALTH_UNSPECIFIED, UNRECOGNIZED -> Tone.BAD;
        };
    }

    @Override
    public String name(Host host) {
        return "host/" + host.getRecord().getName();
    }

    @Override
    public String key(Host host) {
        return host.getRecord().getHostId();
    }

    @Override
    public Map<String, Object> tree(Host host) {
        return ProtoTree.of(host);
    }

    /** Free space moves all the time, and so may the image cache. */
    @Override
    public Object state(Host host) {
        HostCapabilities.Builder capabilities =
                host.getCapabilities().toBuilder().clearCachedImages();
        capabilities.getPoolsBuilderList().forEach(pool -> pool.clearFreeMib());
        return host.toBuilder().setCapabilities(capabilities).build();
    }
}
