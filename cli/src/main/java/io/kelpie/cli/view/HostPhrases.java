package io.kelpie.cli.view;

import io.kelpie.proto.v1.DriverInfo;
import io.kelpie.proto.v1.Host;
import io.kelpie.proto.v1.HostCapabilities;
import io.kelpie.proto.v1.HostCapacity;
import io.kelpie.proto.v1.HugepageCount;
import io.kelpie.proto.v1.Hugepages;
import io.kelpie.proto.v1.KvmDevice;
import io.kelpie.proto.v1.PagingMode;
import io.kelpie.proto.v1.ProbeResult;
import java.util.List;
import java.util.stream.Collectors;

/** What a host has and can do, in words. */
final class HostPhrases {
    private HostPhrases() {}

    /** Virtual CPUs in use, and how much of the CPUs that is, e.g. {@code 6 (75%)}. */
    static String vcpus(Host host) {
        int used = host.getReserved().getVcpus();
        int cpus = host.getRecord().getCapacity().getCpus();
        return cpus == 0 ? Integer.toString(used) : used + " (" + Math.round(100.0 * used / cpus) + "%)";
    }

    /** Whether it may go on running leased VMs. */
    static String lease(Host host) {
        String vms = host.getLeasedInstances() == 1 ? "1 leased VM" : host.getLeasedInstances() + " leased VMs";
        if (host.getLeased()) {
            return host.getRecord().getUntilThaw() ? "held until the thaw, for " + vms : "held, for " + vms;
        }
        return host.getRecord().getUntilThaw()
                ? "none that this leader has granted; it may hold one that lasts until the thaw, for " + vms
                : "none that this leader has granted; " + vms + " placed there";
    }

    static String memory(Host host) {
        return Phrases.about(host.getReserved().getMemoryMib())
                + "/"
                + Phrases.about(host.getRecord().getCapacity().getMemoryMib());
    }

    /** What KVM was found to do, e.g. {@code verified 41 ms EPT}, or why only TCG is left. */
    static String kvm(HostCapabilities capabilities) {
        ProbeResult probe = capabilities.getKvmProbe();
        return switch (probe.getOutcome()) {
            case OUTCOME_VERIFIED -> "verified " + probe.getMillis() + " ms" + paging(capabilities.getPagingMode());
            case OUTCOME_FIRMWARE_ONLY -> without(capabilities, "firmware only" + reason(probe.getDetail()));
            case OUTCOME_FAILED -> without(capabilities, reasonOf(capabilities, probe));
            case OUTCOME_UNSPECIFIED, UNRECOGNIZED -> without(capabilities, reasonOf(capabilities, probe));
        };
    }

    private static String without(HostCapabilities capabilities, String why) {
        String left =
                capabilities.getTcgProbe().getOutcome() == ProbeResult.Outcome.OUTCOME_VERIFIED ? "tcg only" : "no";
        return left + ": " + why;
    }

    private static String reasonOf(HostCapabilities capabilities, ProbeResult probe) {
        if (!capabilities.getKvmReason().isEmpty()) {
            return capabilities.getKvmReason();
        }
        if (!probe.getDetail().isEmpty()) {
            return probe.getDetail();
        }
        return capabilities.getKvmDevice() == KvmDevice.KVM_DEVICE_UNSPECIFIED
                ? "not measured"
                : "/dev/kvm is " + Phrases.lower(capabilities.getKvmDevice(), "KVM_DEVICE_");
    }

    private static String reason(String detail) {
        return detail.isEmpty() ? "" : " (" + detail + ")";
    }

    private static String paging(PagingMode mode) {
        return mode == PagingMode.PAGING_MODE_UNSPECIFIED ? "" : " " + Phrases.upper(mode, "PAGING_MODE_");
    }

    /** Its taints, e.g. {@code gpu=yes,old}. */
    static String taints(Host host) {
        return Phrases.orDash(host.getRecord().getTaintsList().stream()
                .map(taint -> taint.getValue().isEmpty() ? taint.getKey() : taint.getKey() + "=" + taint.getValue())
                .collect(Collectors.joining(",")));
    }

    /** Hugepages that are set aside, e.g. {@code 512x2Mi,4x1Gi}. */
    static String hugepages(List<HugepageCount> counts) {
        return Phrases.orDash(counts.stream()
                .map(count -> count.getCount() + "x" + page(count.getSize()))
                .collect(Collectors.joining(",")));
    }

    private static String page(Hugepages size) {
        return switch (size) {
            case HUGEPAGES_2MI -> "2Mi";
            case HUGEPAGES_1GI -> "1Gi";
            case HUGEPAGES_NONE, HUGEPAGES_UNSPECIFIED, UNRECOGNIZED -> "?";
        };
    }

    /** Devices for VMs, e.g. {@code 2xgpu,8xnic}. */
    static String devices(HostCapacity capacity) {
        return Phrases.orDash(capacity.getDevicesList().stream()
                .map(device -> device.getCount() + "x" + device.getKind())
                .collect(Collectors.joining(",")));
    }

    /** The drivers that can run VMs now. */
    static String drivers(HostCapabilities capabilities) {
        return Phrases.orDash(capabilities.getDriversList().stream()
                .filter(DriverInfo::getUsable)
                .map(driver -> Phrases.lower(driver.getDriver(), "DRIVER_CHOICE_"))
                .collect(Collectors.joining(",")));
    }
}
