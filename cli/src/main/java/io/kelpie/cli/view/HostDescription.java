package io.kelpie.cli.view;

import io.kelpie.cli.output.Ages;
import io.kelpie.cli.output.Column;
import io.kelpie.cli.output.Table;
import io.kelpie.common.time.TimeSource;
import io.kelpie.proto.v1.DeviceCount;
import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.GetHostResponse;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.NumaNode;
import io.kelpie.proto.v1.PagingMode;
import io.kelpie.proto.v1.Pool;
import io.kelpie.proto.v1.PoolReservation;
import io.kelpie.proto.v1.ProbeResult;
import java.util.List;
import java.util.stream.Collectors;

/** All about a host. */
public final class HostDescription {
    private HostDescription() {}

    public static List<String> of(GetHostResponse response, TimeSource clock) {
        Host host = response.getHost();
        long now = clock.wallMillis();
        String reason = host.getHealthReason().isEmpty() ? "" : ": " + host.getHealthReason();
        return new Sections()
                .pair("name", host.getRecord().getName())
                .pair("id", host.getRecord().getHostId())
                .pair(
                        "health",
                        Phrases.upper(host.getHealth(), "HOST_HEALTH_") + ", since "
                                + Ages.between(host.getHealthSinceMillis(), now) + reason)
                .pairIfAny("next", nextStep(host, now))
                .pair("lease", HostPhrases.lease(host))
                .pair("cordoned", host.getRecord().getCordoned() ? "yes: no new VM is placed there" : "no")
                .pair("labels", Phrases.labels(host.getRecord().getLabelsMap()))
                .pairIfAny("taints", taints(host))
                .pair("joined", Ages.timestamp(host.getRecord().getJoinedAtMillis()))
                .pair("agent", Phrases.orDash(host.getAgentVersion()))
                .section("capacity", section -> capacity(section, host))
                .section("capabilities", section -> capabilities(section, host.getCapabilities()))
                .section("drivers", section -> drivers(section, host.getCapabilities()))
                .section("pools", section -> pools(section, host))
                .section(
                        "vms",
                        section -> section.text(
                                response.getVmsCount() == 0
                                        ? List.of()
                                        : JobDescription.table(response.getVmsList(), clock)))
                .section("events", section -> section.text(EventLines.of(response.getEventsList(), now)))
                .lines();
    }

    /** What happens next and not before when. */
    private static String nextStep(Host host, long now) {
        long at = host.getNextStepAtMillis();
        if (host.getNextStep().isEmpty() || at == 0) {
            return host.getNextStep();
        }
        String when = at > now
                ? "in " + Ages.between(now, at) + " at the earliest (" + Ages.timestamp(at) + ")"
                : "any moment now";
        return host.getNextStep() + ", " + when;
    }

    private static void capacity(Sections section, Host host) {
        section.pair("cpus", host.getRecord().getCapacity().getCpus());
        section.pair("vCPUs in use", HostPhrases.vcpus(host));
        section.pair(
                "memory",
                host.getRecord().getCapacity().getMemoryMib() + " MiB for VMs, "
                        + host.getReserved().getMemoryMib() + " MiB in use");
        HostCapacity capacity = host.getRecord().getCapacity();
        if (capacity.getHugepagesCount() > 0) {
            section.pair("hugepages", HostPhrases.hugepages(capacity.getHugepagesList()));
        }
        capacity.getNumaNodesList().forEach(node -> section.pair("numa node " + node.getId(), numaNode(node)));
        capacity.getDevicesList().forEach(kind -> section.pair("devices " + kind.getKind(), devices(kind)));
        section.pair(
                "instances",
                host.getInstances()
                        + (host.getLeasedInstances() > 0 ? ", " + host.getLeasedInstances() + " of them leased" : ""));
    }

    private static String numaNode(NumaNode node) {
        String hugepages =
                node.getHugepagesCount() == 0 ? "" : ", hugepages " + HostPhrases.hugepages(node.getHugepagesList());
        return node.getCpus() + " cpus, " + node.getMemoryMib() + " MiB for VMs" + hugepages;
    }

    private static String devices(DeviceCount devices) {
        if (devices.getCount() == 0) {
            return "0: none of those in the agent's configuration is there";
        }
        return devices.getAddressesCount() == 0
                ? devices.getCount() + ", of a rehearsal"
                : devices.getCount() + ": " + String.join(" ", devices.getAddressesList());
    }

    private static String taints(Host host) {
        return host.getRecord().getTaintsCount() == 0
                ? ""
                : HostPhrases.taints(host) + ": only VMs that tolerate them are placed there";
    }

    private static void capabilities(Sections section, HostCapabilities capabilities) {
        section.pair("cpu", Phrases.orDash(capabilities.getCpuModel()));
        section.pair("cpu flags", Phrases.orDash(String.join(" ", capabilities.getCpuFlagsList())));
        section.pair("kernel", Phrases.orDash(capabilities.getKernel()));
        section.pair("kvm modules", modules(capabilities));
        String reason = capabilities.getKvmReason().isEmpty() ? "" : ": " + capabilities.getKvmReason();
        String api = capabilities.getKvmApiVersion() == 0 ? "" : ", API version " + capabilities.getKvmApiVersion();
        section.pair("/dev/kvm", Phrases.lower(capabilities.getKvmDevice(), "KVM_DEVICE_") + api + reason);
        section.pair(
                "paging",
                capabilities.getPagingMode() == PagingMode.PAGING_MODE_UNSPECIFIED
                        ? "-"
                        : Phrases.upper(capabilities.getPagingMode(), "PAGING_MODE_"));
        section.pairIfAny("nesting", capabilities.getNested() ? "guests under KVM may run guests themselves" : "");
        section.pairIfAny("cpu models", String.join(" ", capabilities.getCpuModelsList()));
        section.pairIfAny("cached images", images(capabilities.getCachedImagesCount()));
        section.pair("kvm probe", probe(capabilities.getKvmProbe()));
        section.pair("tcg probe", probe(capabilities.getTcgProbe()));
    }

    private static String images(int count) {
        return count == 0 ? "" : Integer.toString(count);
    }

    private static String modules(HostCapabilities capabilities) {
        if (!capabilities.getKvmModule()) {
            return "not loaded";
        }
        String parameters = capabilities.getModuleParametersList().stream()
                .map(parameter -> parameter.getModule() + "." + parameter.getName() + "=" + parameter.getValue())
                .collect(Collectors.joining(" "));
        return parameters.isEmpty() ? "loaded" : "loaded, " + parameters;
    }

    private static String probe(ProbeResult probe) {
        String detail = probe.getDetail().isEmpty() ? "" : ": " + probe.getDetail();
        return switch (probe.getOutcome()) {
            case OUTCOME_VERIFIED -> "verified, a guest booted in " + probe.getMillis() + " ms" + detail;
            case OUTCOME_FIRMWARE_ONLY -> "firmware only, " + probe.getMillis() + " ms" + detail;
            case OUTCOME_FAILED -> "failed" + detail;
            case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> "not tried" + detail;
        };
    }

    private static void drivers(Sections section, HostCapabilities capabilities) {
        for (DriverInfo driver : capabilities.getDriversList()) {
            String version = driver.getVersion().isEmpty() ? "" : " " + driver.getVersion();
            String reason = driver.getReason().isEmpty() ? "" : ": " + driver.getReason();
            section.pair(
                    Phrases.lower(driver.getDriver(), "DRIVER_CHOICE_"),
                    (driver.getUsable() ? "usable" : "not usable") + version + reason);
        }
    }

    private static void pools(Sections section, Host host) {
        List<Pool> pools = host.getCapabilities().getPoolsList();
        if (pools.isEmpty()) {
            return;
        }
        List<Column<Pool>> columns = List.of(
                Column.of("NAME", Pool::getName),
                Column.of("PATH", Pool::getPath),
                Column.of("KIND", pool -> pool.getShared() ? "shared" : "local"),
                Column.of("TOTAL", pool -> Phrases.about(pool.getTotalMib())),
                Column.of("FREE", pool -> Phrases.about(pool.getFreeMib())),
                Column.of("RESERVED", pool -> Phrases.about(reserved(host, pool))));
        section.text(new Table<>(columns, false, true, false).lines(pools));
    }

    private static long reserved(Host host, Pool pool) {
        return host.getReserved().getPoolsList().stream()
                .filter(reservation -> reservation.getPool().equals(pool.getName()))
                .mapToLong(PoolReservation::getSizeMib)
                .sum();
    }
}
