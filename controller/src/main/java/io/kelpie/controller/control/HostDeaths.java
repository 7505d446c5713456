package io.kelpie.controller.control;

import io.kelpie.common.error.KelpieException;
import io.kelpie.controller.lease.Closing;
import io.kelpie.controller.model.VmState;
import io.kelpie.controller.view.Protos;
import io.kelpie.proto.v1.ConfirmHostDeadResponse;
import io.kelpie.proto.v1.ErrorReason;
import io.kelpie.proto.v1.FenceHostResponse;
import io.kelpie.proto.v1.Fencing;
import io.kelpie.proto.v1.RemoveHostRequest;
import io.kelpie.proto.v1.RemoveHostResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/** Hosts that are gone: by an operator's word, by a power-off, or for good. The requests must have passed validation. */
public final class HostDeaths {
    private HostDeaths() {}

    // ---- by an operator's word ----

    /** Finds the host, and everyone who could have heard it; empty: the request was done before. */
    public static Preparation<Optional<SuspectedHost>> suspect(String nameOrId, UUID requestId) {
        return context -> {
            if (context.cluster().requests().find(requestId).isPresent()) {
                return Optional.empty();
            }
            HostEntry host = find(context, nameOrId);
            return Optional.of(new SuspectedHost(
                    host.id(), host.name(), context.cluster().controllerSet().getSet()));
        };
    }

    /**
     * Frees all VMs of a host that is dead.
     *
     * @param suspected what was asked about; refused if the controllers are others meanwhile
     * @param recheck throws a {@link KelpieException} if this controller has heard the host since it was asked
     */
    public static Operation confirm(SuspectedHost suspected, Consumer<SuspectedHost> recheck) {
        return (context, unit) -> {
            HostEntry host = find(context, suspected.id());
            long version = context.cluster().controllerSet().getSet().getVersion();
            if (version == 0 || version != suspected.controllers().getVersion()) {
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_WRONG_STATE,
                        "the controllers have changed while they were asked about host " + host.name(),
                        "ask again",
                        Map.of("state", "controller set of version " + version));
            }
            recheck.accept(suspected);
            refuseWhilePoweringOff(context, host);
            int freed = context.fencing()
                    .fence(host, Fencing.Cause.CAUSE_CONFIRMED_DEAD)
                    .orElseThrow(() -> new IllegalStateException("an operator's word waits for no lease"));
            return ConfirmHostDeadResponse.newBuilder()
                    .setHost(Protos.host(host.info()))
                    .setVmsFreed(freed)
                    .build();
        };
    }

    // ---- by a power-off ----

    /**
     * Closes a host's word before its plug-in runs; empty: the request was done before. The same request again joins its own
     * attempt, another one is refused.
     *
     * @param attempt a new id
     */
    public static Preparation<Optional<PowerOff>> beginPowerOff(String nameOrId, UUID requestId, UUID attempt) {
        return context -> {
            ClusterEditor cluster = context.cluster();
            if (cluster.requests().find(requestId).isPresent()) {
                return Optional.empty();
            }
            HostEntry host = find(context, nameOrId);
            PowerOff present = host.powerOff;
            if (present != null && present.requestId().equals(requestId)) {
                return Optional.of(present);
            }
            refuseWhilePoweringOff(context, host);
            PowerOff begun = new PowerOff(
                    host.id(), host.name(), host.record().getLabelsMap(), requestId, attempt, cluster.nowNanos());
            host.powerOff = begun;
            host.ready = false; // nothing is placed there, also before it is judged again
            context.leases().close(host.id(), Closing.POWERING_OFF);
            cluster.events().add(host.subject(), "PoweringOff", "an operator asked for a fence; the plug-in runs");
            return Optional.of(begun);
        };
    }

    /** The plug-in has not confirmed that the host is off: it goes on as before. */
    public static Preparation<Boolean> endPowerOff(PowerOff begun, String why) {
        return context -> {
            HostEntry host = context.cluster().host(begun.hostId()).orElse(null);
            if (host == null || !begun.equals(host.powerOff)) {
                return false;
            }
            host.powerOff = null;
            context.leases().open(host.id(), Closing.POWERING_OFF);
            context.cluster().events().add(host.subject(), "PowerOffFailed", why);
            return true;
        };
    }

    /** The plug-in has confirmed that the host is off, and since it began nothing was started there: frees all its VMs. */
    public static Operation poweredOff(PowerOff begun) {
        return (context, unit) -> {
            HostEntry host = find(context, begun.hostId());
            if (!begun.equals(host.powerOff)) {
                throw new KelpieException(
                        ErrorReason.ERROR_REASON_FENCE_FAILED,
                        "host " + host.name() + " was confirmed to be off, but this controller has ceased to lead"
                                + " meanwhile, and it may have been switched on since",
                        "fence it again");
            }
            int freed = context.fencing()
                    .fence(host, Fencing.Cause.CAUSE_POWERED_OFF)
                    .orElseThrow(() -> new IllegalStateException("a power-off waits for no lease"));
            unit.then(() -> {
                host.powerOff = null;
                context.leases().open(host.id(), Closing.POWERING_OFF);
            });
            return FenceHostResponse.newBuilder()
                    .setHost(Protos.host(host.info()))
                    .setVmsFreed(freed)
                    .build();
        };
    }

    // ---- for good ----

    /** Removes the records of a host that is not connected and on which no VM depends. */
    public static Operation remove(RemoveHostRequest request) {
        return (context, unit) -> {
            HostEntry host = find(context, request.getHost());
            refuseWhilePoweringOff(context, host);
            if (host.session != null) {
                throw wrongState(
                        host, "CONNECTED", "is connected", "stop its agent first: it would join again at once");
            }
            refuseIfNeeded(context, host);
            String subject = host.subject();
            forgetFiles(context, host, unit);
            context.cluster().removeHost(host, unit);
            context.leases().dismiss(host.id());
            unit.then(() -> context.cluster().events().add(subject, "HostRemoved", "an operator asked for it"));
            return RemoveHostResponse.getDefaultInstance();
        };
    }

    /** VMs that are placed there, and kept disks, which are nowhere else. */
    private static void refuseIfNeeded(OperationContext context, HostEntry host) {
        List<String> placed = new ArrayList<>();
        List<String> kept = new ArrayList<>();
        for (VmEntry vm : held(context, host)) {
            if (vm.record().getHostId().equals(host.id())) {
                placed.add(vm.name().toString());
            } else if (vm.record().getKeptDisks() && vm.state() != VmState.DELETED) {
                kept.add(vm.name().toString());
            }
        }
        if (!placed.isEmpty()) {
            throw wrongState(
                    host,
                    "IN_USE",
                    "has VMs: " + some(placed),
                    "if the host is dead: kelpie host confirm-dead " + host.name());
        }
        if (!kept.isEmpty()) {
            throw wrongState(
                    host,
                    "HAS_DISKS",
                    "has kept disks of VMs: " + some(kept),
                    "bring the host back, or give the disks up: kelpie delete job, with --delete-disks");
        }
    }

    /** What is made anew by every instance goes with the host, and so does what was to be deleted there. */
    private static void forgetFiles(OperationContext context, HostEntry host, Unit unit) {
        for (VmEntry vm : held(context, host)) {
            if (vm.state() == VmState.DELETED) {
                context.cluster().removeVm(vm, unit);
            } else {
                context.cluster()
                        .putVm(vm, vm.record().toBuilder().clearStorageHostId().build(), unit);
            }
        }
    }

    private static List<VmEntry> held(OperationContext context, HostEntry host) {
        return host.held().stream()
                .flatMap(id -> context.cluster().vm(id).stream())
                .sorted(Comparator.comparing(VmEntry::name))
                .toList();
    }

    private static String some(List<String> names) {
        int shown = Math.min(5, names.size());
        return String.join(", ", names.subList(0, shown))
                + (names.size() > shown ? " and " + (names.size() - shown) + " more" : "");
    }

    private static HostEntry find(OperationContext context, String nameOrId) {
        return context.cluster().hostByName(nameOrId).orElseThrow(() -> HostOperations.notFound(nameOrId));
    }

    private static void refuseWhilePoweringOff(OperationContext context, HostEntry host) {
        PowerOff present = host.powerOff;
        if (present != null) {
            long seconds = (context.cluster().nowNanos() - present.beganNanos()) / 1_000_000_000L;
            throw wrongState(
                    host,
                    "POWERING_OFF",
                    "is being powered off for " + seconds + " s by request " + present.requestId(),
                    "wait until that has ended: kelpie describe host " + host.name());
        }
    }

    private static KelpieException wrongState(HostEntry host, String state, String problem, String fix) {
        return new KelpieException(
                ErrorReason.ERROR_REASON_WRONG_STATE,
                "host " + host.name() + " " + problem,
                fix,
                Map.of("state", state));
    }
}
