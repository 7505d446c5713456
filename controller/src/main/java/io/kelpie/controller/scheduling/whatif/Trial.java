package io.kelpie.controller.scheduling.whatif;

import io.kelpie.controller.model.Reservation;
import io.kelpie.controller.scheduling.ClusterSnapshot;
import io.kelpie.controller.scheduling.HostView;
import io.kelpie.controller.scheduling.InstanceView;
import io.kelpie.controller.scheduling.SchedulingPolicy;
import io.kelpie.controller.scheduling.engine.HostTable;
import io.kelpie.controller.scheduling.engine.Inventory;
import io.kelpie.controller.scheduling.engine.Search;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * A copy of a snapshot on which things are tried. Its instances are known by their position in the snapshot. Belongs
 * to one thread.
 */
public final class Trial {
    private final Inventory inventory;
    private final Search search;
    private final List<InstanceView> instances;
    private final int[] numbers;
    private final Map<String, List<Integer>> byHost = new HashMap<>();
    private final Map<UUID, List<Integer>> byVm = new HashMap<>();

    private Trial(Inventory inventory, List<InstanceView> instances) {
        this.inventory = inventory;
        this.instances = instances;
        search = new Search(inventory);
        numbers = new int[instances.size()];
    }

    /** A copy of the snapshot as it is. */
    public static Trial of(ClusterSnapshot snapshot, SchedulingPolicy policy, long seed) {
        return of(snapshot, policy, seed, view -> view);
    }

    /**
     * A copy of the snapshot with other hosts.
     *
     * @param change what is put in the place of a host; of the same id
     */
    public static Trial of(
            ClusterSnapshot snapshot, SchedulingPolicy policy, long seed, UnaryOperator<HostView> change) {
        Trial trial = new Trial(new Inventory(policy, seed, Reservation::of), snapshot.instances());
        snapshot.hosts().forEach(view -> trial.inventory.put(change.apply(view)));
        for (int position = 0; position < trial.instances.size(); position++) {
            InstanceView view = trial.instances.get(position);
            trial.numbers[position] = trial.inventory.count(view);
            trial.byHost
                    .computeIfAbsent(view.hostId(), any -> new ArrayList<>())
                    .add(position);
            trial.byVm.computeIfAbsent(view.vmId(), any -> new ArrayList<>()).add(position);
        }
        return trial;
    }

    public Inventory inventory() {
        return inventory;
    }

    /** The search of the copy. */
    public Search search() {
        return search;
    }

    /** Instances of the snapshot, on hosts that it has or not. */
    public int size() {
        return instances.size();
    }

    public InstanceView view(int position) {
        return instances.get(position);
    }

    /** Positions of the instances that the snapshot has on a host, in its order, released or not. */
    public List<Integer> on(String hostId) {
        return byHost.getOrDefault(hostId, List.of());
    }

    /** Positions of a VM's instances, of any host, released or not: more than one while it moves. */
    public List<Integer> of(UUID vmId) {
        return byVm.getOrDefault(vmId, List.of());
    }

    /** Whether the instance is there: its host is part of the snapshot, and it was not released. */
    public boolean isThere(int position) {
        return numbers[position] != HostTable.UNKNOWN;
    }

    /** The instance, which is there, ends: it holds nothing any more. */
    public void release(int position) {
        inventory.release(numbers[position]);
        numbers[position] = HostTable.UNKNOWN;
    }

    /** The instance, which is there, must not be ended to make room for others. */
    public void keepRunning(int position) {
        inventory.keepRunning(numbers[position], true);
    }

    /** The instance, which was released, is back as it was. */
    public void restore(int position) {
        numbers[position] = inventory.add(instances.get(position));
    }
}
