package io.kelpie.controller.scheduling.check;

import io.kelpie.controller.scheduling.Decision;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.PlacementRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Loses each host in turn: those of its VMs that have a backup have to fit there together, in every amount. Of NUMA
 * nodes it knows the sums alone, as nobody has said yet which of them would carry whom. It looks at the hosts that the
 * plan touches: at what is lost with them, and at what they have to take up. Belongs to one thread.
 */
public final class LossBook {
    /** What is lost with one host and has its backup on another. */
    private record Pair(String lost, String backup) {}

    private final Map<String, HostView> hosts;
    private final boolean enforced;
    private final Set<String> touched = new HashSet<>();
    private final Map<Pair, Needs> needs = new LinkedHashMap<>();

    /**
     * @param hosts by id
     * @param enforced whether a new VM must have a backup
     */
    public LossBook(Map<String, HostView> hosts, boolean enforced) {
        this.hosts = hosts;
        this.enforced = enforced;
    }

    /** To be told of all decisions first. */
    public void touch(Decision decision) {
        decision.host().ifPresent(touched::add);
        decision.backupHost().ifPresent(touched::add);
    }

    /** What is wrong with the backup of a VM that is placed on the host, a sentence each; from now on it is lost with it. */
    public List<String> place(PlacementRequest request, HostView host, Optional<String> backupId) {
        if (!request.restartable()) {
            return backupId.isEmpty() ? List.of() : List.of("needs no backup and has one on " + backupId.get());
        }
        if (backupId.isEmpty()) {
            return enforced && !request.returning()
                    ? List.of("is placed although no host keeps room for it should " + host.name() + " be lost")
                    : List.of();
        }
        HostView backup = hosts.get(backupId.get());
        if (backup == null || backup.id().equals(host.id())) {
            return List.of("has its backup on " + backupId.get() + ", which cannot be one");
        }
        needs(host.id(), backup.id()).add(request);
        List<String> faults = new ArrayList<>();
        for (String fault : HostRules.faults(request, backup)) {
            faults.add("could not be started on its backup " + backup.name() + ": it " + fault);
        }
        return faults;
    }

    /** A VM that is there is lost with its host. */
    public void count(InstanceView instance) {
        Optional<String> backup = instance.backupHost();
        if (instance.restartable()
                && backup.isPresent()
                && (touched.contains(instance.hostId()) || touched.contains(backup.get()))
                && hosts.containsKey(instance.hostId())) {
            needs(instance.hostId(), backup.get())
                    .add(instance.held(), instance.shape().numaNodes() > 0);
        }
    }

    private Needs needs(String lost, String backup) {
        return needs.computeIfAbsent(new Pair(lost, backup), any -> new Needs());
    }

    /**
     * What hosts would lack, a sentence each.
     *
     * @param ledgers of what hosts hold once all is placed
     */
    public List<String> faults(Function<HostView, HostLedger> ledgers) {
        List<String> faults = new ArrayList<>();
        needs.forEach((pair, together) -> {
            HostView backup = hosts.get(pair.backup());
            if (backup == null || pair.backup().equals(pair.lost())) {
                faults.add(together.vms() + " VMs of host " + pair.lost() + " have their backup on " + pair.backup()
                        + ", which cannot be one");
                return;
            }
            for (String missing : ledgers.apply(backup).missing(together)) {
                faults.add("without host " + pair.lost() + ", host " + backup.name() + " has to start " + together.vms()
                        + " VMs and lacks " + missing);
            }
        });
        return faults;
    }
}
