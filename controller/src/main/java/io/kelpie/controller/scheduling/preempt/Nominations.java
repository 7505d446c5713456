package io.kelpie.controller.scheduling.preempt;

import io.kelpie.controller.scheduling.PlacementRequest;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The places that are kept for VMs whose victims are still on their way out. Each is a claim in the inventory: to all
 * rules the VM counts as if it were there, so what the victims leave goes to nobody else, and no second preemption
 * counts on it. Only a request of higher priority may supersede it.
 *
 * <p>To place the VM: {@link #drop} it, ask for the best host for the request, which prefers the kept one, and
 * {@link #keep} the nomination again if there is none yet. Belongs to the inventory's thread.
 */
public final class Nominations {
    private record Kept(Nomination nomination, int claim) {}

    private final Inventory inventory;
    private final SortedMap<UUID, Kept> places = new TreeMap<>();

    public Nominations(Inventory inventory) {
        this.inventory = inventory;
    }

    /**
     * Takes up a preemption as it was found: the victims count as leaving and against the budgets of their jobs, claims
     * that it supersedes end, and the place is kept.
     *
     * @param untilMillis how long, in milliseconds since 1970
     * @throws IllegalArgumentException if the preemption is another VM's, or a victim is not there any more
     */
    public Nomination nominate(PlacementRequest request, Preemption preemption, long untilMillis) {
        if (!request.vmId().equals(preemption.vmId())) {
            throw new IllegalArgumentException("the preemption is for VM " + preemption.vmId());
        }
        for (Victim victim : preemption.victims()) {
            if (!inventory.instances().ask(victim.instance()).vmId().equals(victim.vmId())) {
                throw new IllegalArgumentException("VM " + victim.vmId() + " is not there any more");
            }
        }
        preemption.superseded().forEach(this::drop);
        preemption.victims().forEach(victim -> inventory.end(victim.instance()));
        Nomination nomination = new Nomination(
                request.preferring(preemption.hostId()), preemption.hostId(), preemption.numaNodes(), untilMillis);
        keep(nomination);
        return nomination;
    }

    /**
     * Keeps a place, instead of any other for the same VM.
     *
     * @return false if the host is not there: then no place is kept
     */
    public boolean keep(Nomination nomination) {
        UUID vmId = nomination.request().vmId();
        drop(vmId);
        int host = inventory.hosts().hostIndex(nomination.hostId());
        if (host == HostTable.UNKNOWN) {
            return false;
        }
        int claim = inventory.claim(inventory.ask(nomination.request()), host, nomination.numaNodes());
        places.put(vmId, new Kept(nomination, claim));
        return true;
    }

    /** The place kept for a VM, if any. */
    public Optional<Nomination> of(UUID vmId) {
        return Optional.ofNullable(places.get(vmId)).map(Kept::nomination);
    }

    /** All of them, in the order of the VMs' ids. */
    public List<Nomination> all() {
        return places.values().stream().map(Kept::nomination).toList();
    }

    /** Gives up the place of a VM; returns what it was, if there was one. */
    public Optional<Nomination> drop(UUID vmId) {
        Kept kept = places.remove(vmId);
        if (kept == null) {
            return Optional.empty();
        }
        inventory.release(kept.claim());
        return Optional.of(kept.nomination());
    }

    /** Gives up the places on a host, before it is removed. Returns them in the order of the VMs' ids. */
    public List<Nomination> dropAllOn(String hostId) {
        return dropAll(all().stream()
                .filter(nomination -> nomination.hostId().equals(hostId))
                .toList());
    }

    /** Gives up the places whose time is up. Returns them in the order of the VMs' ids. */
    public List<Nomination> lapse(long nowMillis) {
        return dropAll(all().stream()
                .filter(nomination -> nomination.untilMillis() <= nowMillis)
                .toList());
    }

    private List<Nomination> dropAll(List<Nomination> some) {
        List<Nomination> dropped = new ArrayList<>();
        for (Nomination nomination : some) {
            drop(nomination.request().vmId()).ifPresent(dropped::add);
        }
        return dropped;
    }
}
